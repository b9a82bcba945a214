"""The commented factory.yaml that `turnwright init` writes. A test loads it, so that it stays true."""

from __future__ import annotations

__all__ = ["FACTORY"]

FACTORY = """\
# What turnwright makes here. Check it with `turnwright plan`, make it with `turnwright run`.
# Every key is described by `turnwright schema`.
version: 1
name: first
domain: ./domain            # a folder with a domain.yaml, or a built-in domain (telecom_support)
seed: 7                     # same spec, seed and model replies: same bytes out
scenarios: 24               # how many situations are drawn; each becomes a conversation or a rejection with a reason
attempts: 2                 # simulations of a scenario before its defects reject it

design:
  strength: 2               # every pair of levels occurs together at least once, where the number of scenarios allows
  # factors:                # add to the domain's factors, or replace them: level and target weight
  #   channel: {chat: 0.7, email: 0.3}
  # constraints:
  #   - forbid: "detour == 'abandon' and mood == 'calm'"
  #     why: nobody calm leaves
  personas:
    traits:
      age: {"18-29": 0.3, "30-49": 0.4, "50-69": 0.2, "70+": 0.1}
      tone: {plain: 0.6, chatty: 0.2, terse: 0.2}

models:
  small:
    kind: embedded          # runs in this process; fetch it once with `turnwright models pull smollm2-135m-instruct`
    model: smollm2-135m-instruct    # or the path of any GGUF file
  # large:
  #   kind: openai          # any OpenAI-compatible endpoint: vLLM, SGLang, Ollama, llama.cpp, hosted
  #   base_url: http://127.0.0.1:8000/v1
  #   model: my-teacher
  #   api_key_env: MY_KEY   # the name of the environment variable, never the key
  #   price: {input: "0.15", output: "0.60"}    # per million tokens

roles:
  user: small
  teacher: small
  # critics: large          # the council's; the teacher's model where it is not named
  # arbiter: [judge]        # another model than the teacher's, or a panel; licensed by `turnwright examine`

simulate:
  way: fill                 # fill: write the words of the whole skeleton; interplay: user and teacher talk turn by turn
  fill: {by: turn}          # by: conversation lets a strong teacher write a whole conversation in one call

refine:
  council: false            # true: critics object, the teacher mends or rebuts; pays with a strong teacher
  # lenses: [policy_and_facts, realism, pedagogy, safety_and_fairness, redundancy]
  # rounds: 3

# arbiter:
#   licence: arbiter.licence.json    # what `turnwright examine` writes; without it checks alone decide

# monitor:                    # compare with human conversations, batch by batch (extra `measure`)
#   reference: [human.jsonl]  # any usual form; `turnwright reference` screens and labels them
#   batch: 100
#   gates:
#     - {when: "tail_retention >= 0.8", action: rebalance}    # or stop, quarantine
#     - {when: "user_auc_excess <= 0.1", action: stop}

privacy:
  personal_data: refuse     # e-mails, numbers, ... that no scenario gave: refuse the conversation, mask them, or allow

export:
  formats: [openai, sharegpt, trl, preference]

caps: {}                    # money: "5.00", tokens: 2000000, calls: 10000, minutes: 60
"""
