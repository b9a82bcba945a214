"""A small bank whose domain has everything that the checks look at, and conversations of it in its own words."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from turnwright.domains import Domain
from turnwright.domains.phrasing import realise
from turnwright.records import Blueprint, Conversation, Provenance, Scenario, Step, Turn, Verdict, seeded
from turnwright.verify import Context, TextReader, VerifySettings, verify

BANK = """
name: bank
title: Example Bank
summary: Blocks cards and moves money.
policy: Transfers of more than 500 euros need a second check. Replacement cards take 7 days. Say goodbye politely.
slots:
  account: {label: account number, wrong: [AC-9911]}
  pin: {label: PIN, secret: true}
  amount: {label: amount, format: "€{value:.2f}"}
  balance: {label: balance, format: "€{value:.2f}"}
  payee: {label: payee, wrong: [Grace Hopper]}
  arrival: {label: arrival date}
  reference: {label: reference}
  holder: {label: account holder}
  plan: {label: account plan}
acts:
  assistant:
    ask_account: {phrasings: ["What is your account number?", "Which account number is it, please?"]}
    ask_pin: {phrasings: ["Please type your PIN.", "And your PIN, please?"]}
    ask_amount: {phrasings: ["How much would you like to send?", "What amount shall I transfer?"]}
    ask_payee: {phrasings: ["Who is the payee?", "To whom shall the money go?"]}
    confirm_transfer:
      phrasings:
        - "I will send {amount} from {account} to {payee}. Is that right?"
        - "So {amount} go to {payee} from account {account}, shall I do that?"
    inform_transfer:
      phrasings:
        - "Done, {amount} are on the way to {payee} and arrive on {arrival}. Your reference is {reference}."
        - "The transfer of {amount} to {payee} has reference {reference} and arrives on {arrival}."
    inform_balance:
      phrasings:
        - "The balance of your {plan} account {account} is {balance}, {holder}."
        - "There are {balance} on {account}, your {plan} account, {holder}."
    inform_kept: {phrasings: ["Very well, nothing has been sent.", "All right, I have left everything as it is."]}
    refuse_pin: {phrasings: ["I am afraid that I could not verify you.", "That does not match, so I cannot continue."]}
  user:
    request_transfer: {phrasings: ["I want to send money to someone.", "I'd like to make a transfer."]}
    request_balance: {phrasings: ["How much money do I have?", "What is on my account at the moment?"]}
tools:
  - name: check_identity
    description: Verify a customer.
    parameters:
      type: object
      properties: {account: {type: string}, pin: {type: string}}
      required: [account, pin]
      additionalProperties: false
    does: {find: accounts, by: {account: id, pin: pin}, give: [id, holder]}
  - name: get_account
    description: Read an account.
    parameters: {type: object, properties: {account: {type: string}}, required: [account], additionalProperties: false}
    does: {find: accounts, by: {account: id}, give: [id, holder, plan, balance]}
  - name: list_transfers
    description: Read the transfers from an account.
    parameters: {type: object, properties: {account: {type: string}}, required: [account], additionalProperties: false}
    does: {find: transfers, by: {account: account}, many: true}
  - name: send_transfer
    description: Send money.
    effect: write
    parameters:
      type: object
      properties: {account: {type: string}, amount: {type: number}, payee: {type: string}, purpose: {type: string}}
      required: [account, amount, payee]
      additionalProperties: false
    does:
      insert: transfers
      stem: TR
      set:
        {account: args.account, amount: args.amount, payee: args.payee, purpose: args.purpose, arrival: "'2026-06-17'"}
  - name: close_account
    description: Close an account.
    effect: write
    parameters: {type: object, properties: {account: {type: string}}, required: [account]}
    does: {update: accounts, by: {account: id}, set: {plan: "'closed'"}}
world:
  accounts:
    rows:
      - {id: AC-1042, holder: Ada Lovelace, pin: "4821", plan: gold, balance: 1250.75}
      - {id: AC-2077, holder: Alan Turing, pin: "7730", plan: silver, balance: 88.5}
      - {id: AC-3310, holder: Mary Somerville, pin: "9154", plan: basic, balance: 6420.0}
  wishes:
    rows:
      - {id: W1, payee: Emmy Noether, amount: 120.0}
      - {id: W2, payee: Carl Gauss, amount: 49.9}
      - {id: W3, payee: Sofia Kovalevskaya, amount: 310.25}
  transfers: {rows: []}
intents:
  transfer:
    goal: "send {amount} to {payee}"
    opens_with: request_transfer
    cast: {acc: {table: accounts}, wish: {table: wishes}}
    facts: {account: acc.id, pin: acc.pin, amount: wish.amount, payee: wish.payee}
  balance:
    goal: learn the balance of the account
    opens_with: request_balance
    cast: {acc: {table: accounts}}
    facts: {account: acc.id, pin: acc.pin}
flows:
  transfer:
    start: account
    nodes:
      account: {ask: account, say: ask_account, next: pin}
      pin: {ask: pin, say: ask_pin, next: identify}
      identify: {call: check_identity, with: {account: account, pin: pin}, save: who, on_error: unknown, next: payee}
      unknown: {say: refuse_pin, end: refused}
      payee: {ask: payee, say: ask_payee, next: amount}
      amount: {ask: amount, say: ask_amount, next: confirm}
      confirm:
        say: confirm_transfer
        mention: {amount: amount, account: account, payee: payee}
        choose: {affirm: send, deny: kept}
      send:
        call: send_transfer
        with: {account: account, amount: amount, payee: payee, purpose: "'a present for an old friend'"}
        save: sent
        next: done
      done:
        say: inform_transfer
        mention: {amount: sent.amount, payee: sent.payee, arrival: sent.arrival, reference: sent.id}
        end: resolved
      kept: {say: inform_kept, end: refused}
  balance:
    start: account
    nodes:
      account: {ask: account, say: ask_account, next: pin}
      pin: {ask: pin, say: ask_pin, next: identify}
      identify: {call: check_identity, with: {account: account, pin: pin}, save: who, on_error: unknown, next: read}
      unknown: {say: refuse_pin, end: refused}
      read: {call: get_account, with: {account: account}, save: found, next: tell}
      tell:
        say: inform_balance
        mention: {plan: found.plan, account: found.id, balance: found.balance, holder: found.holder}
        end: resolved
rules:
  - name: identity_first
    says: verify the customer first
    tools: [get_account, send_transfer]
    require: succeeded('check_identity')
  - {name: small_amounts, tools: [send_transfer], require: args.amount <= 500, says: more needs a second check}
  - {name: ask_first, when: call.name == 'send_transfer', require: heard('affirm') and said('confirm_transfer')}
  - {name: tell_the_end, at: end, when: succeeded('send_transfer'), require: said('inform_transfer')}
documents:
  - {id: hours, asks: ["When are you open?"], answers: ["We are open from 9 to 17 on weekdays."]}
"""

Make = Callable[..., "Case"]


class Case(msgspec.Struct, frozen=True):
    """A conversation with everything that it was made from."""

    domain: Domain
    scenario: Scenario
    blueprint: Blueprint
    conversation: Conversation

    @property
    def turns(self) -> list[Turn]:
        return list(self.conversation.turns)

    def at(self, role: str, act: str) -> int:
        """The first turn of this side with this act."""
        return next(i for i, turn in enumerate(self.turns) if turn.role == role and act in turn.acts)

    def last(self, role: str) -> int:
        return max(i for i, turn in enumerate(self.turns) if turn.role == role and turn.text)

    def having(self, turns: list[Turn], **changed: object) -> Case:
        """The same with other turns."""
        replaced = msgspec.structs.replace(self.conversation, turns=tuple(turns), **changed)
        return msgspec.structs.replace(self, conversation=replaced)

    def saying(self, index: int, text: str, **changed: object) -> Case:
        """The same with other words in one turn."""
        turns = self.turns
        turns[index] = msgspec.structs.replace(turns[index], text=text, **changed)
        return self.having(turns)

    def adding(self, index: int, text: str) -> Case:
        """The same with more words in one turn."""
        return self.saying(index, f"{self.turns[index].text} {text}")

    def without(self, *indices: int) -> Case:
        return self.having([turn for i, turn in enumerate(self.turns) if i not in indices])

    def free(self) -> Case:
        """The same as if two models had talked it."""
        return self.having(self.turns, way="interplay")

    def verdict(self, reader: TextReader | None = None, **settings: object) -> Verdict:
        strict = VerifySettings.model_validate({"stop_early": False, **settings})
        return verify(self.conversation, self.blueprint, self.scenario, self.domain, strict, reader)

    def kinds(self, **settings: object) -> set[str]:
        return {defect.kind for defect in self.verdict(**settings).defects}

    def context(self, **settings: object) -> Context:
        given = VerifySettings.model_validate(settings)
        return Context(self.domain, self.blueprint, self.scenario, given, self.conversation.way)


def spoken(step: Step, domain: Domain, seed: int) -> Turn:
    """One planned turn in the domain's own words."""
    if step.call is not None:
        return Turn(role="assistant", acts=step.acts, call=step.call, provenance=Provenance(origin="template"))
    if step.result is not None:
        return Turn(role="tool", result=step.result, provenance=Provenance(origin="tool"), trainable=False)
    text = realise(domain, step, seeded("words", seed, len(step.acts)))
    return Turn(
        role=step.role, acts=step.acts, mentions=step.mentions, text=text, provenance=Provenance(origin="template")
    )


def conversation_of(blueprint: Blueprint, scenario: Scenario, domain: Domain) -> Conversation:
    return Conversation(
        scenario_id=scenario.id,
        blueprint_id=blueprint.id,
        domain=domain.fingerprint,
        way="fill",
        turns=tuple(spoken(step, domain, scenario.seed + i) for i, step in enumerate(blueprint.steps)),
        ending="abandoned" if blueprint.outcome == "abandoned" else "complete",
    )
