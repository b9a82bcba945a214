"""How users and assistants behave in any domain: standard factors, and acts with plain phrasings.

A domain may replace every one of these by declaring an act or a factor of the same name. Acts of the assistant
stand under the names of `BehaviourSpec`; a domain that calls them otherwise maps them there.
"""

from __future__ import annotations

from turnwright.domains.declaration import ActSpec, Constraint, Factor

__all__ = ["STANDARD_ASSISTANT_ACTS", "STANDARD_CONSTRAINTS", "STANDARD_FACTORS", "STANDARD_USER_ACTS"]


def _factor(says: str, **levels: tuple[float, str]) -> Factor:
    return Factor.model_validate(
        {"says": says, "levels": {name: {"weight": w, "says": text} for name, (w, text) in levels.items()}}
    )


STANDARD_FACTORS: dict[str, Factor] = {
    "disclosure": _factor(
        "how much the user tells unasked",
        asked=(0.4, "gives details only when asked"),
        some=(0.3, "gives some details unasked"),
        eager=(0.3, "gives every detail at once"),
    ),
    "memory": _factor(
        "how well the user knows their own details",
        sure=(0.75, "knows every detail"),
        corrects=(0.15, "first says one detail wrong and puts it right later"),
        forgets=(0.10, "does not know one of the details"),
    ),
    "mood": _factor(
        "how the user feels",
        calm=(0.7, "calm and plain"),
        hurried=(0.15, "short, in a hurry"),
        angry=(0.15, "angry, complains once before going on"),
    ),
    "detour": _factor(
        "what happens beside the main path",
        none=(0.5, "nothing"),
        digression=(0.12, "asks something else in between"),
        repair=(0.13, "says something unclear and has to repeat it"),
        change_of_mind=(0.1, "decides otherwise when asked to confirm"),
        refusal=(0.07, "refuses to give a detail at first"),
        abandon=(0.08, "leaves before the end"),
    ),
    "tool_fault": _factor(
        "what goes wrong behind the tools",
        none=(0.8, "nothing"),
        error=(0.1, "a tool fails once"),
        slow=(0.05, "a tool is slow"),
        empty=(0.05, "a tool finds nothing at first"),
    ),
}

STANDARD_CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint(
        forbid="detour == 'abandon' and (memory != 'sure' or tool_fault != 'none')",
        why="a user who leaves early may never come to the place where the other would show",
    ),
    Constraint(
        forbid="detour == 'change_of_mind' and tool_fault != 'none'",
        why="the failure is often planted on the very call that then is not made",
    ),
    Constraint(
        forbid="detour == 'refusal' and memory == 'forgets'",
        why="both end the same way; one reason for a missing detail is enough",
    ),
)


def _act(means: str, *phrasings: str) -> ActSpec:
    return ActSpec(means=means, phrasings=list(phrasings))


STANDARD_USER_ACTS: dict[str, ActSpec] = {
    "greet": _act("says hello", "Hi", "Hello", "Hello there", "Hi, I need some help", "Good morning"),
    "inform": _act(
        "gives the detail that was asked for", "It's {value}.", "{value}", "That would be {value}.", "Sure, {value}."
    ),
    "volunteer": _act(
        "adds a detail unasked", "The {label} is {value}.", "My {label} is {value}.", "{label}: {value}."
    ),
    "affirm": _act(
        "says yes", "Yes, please.", "Yes.", "Yes, go ahead.", "Sure, do that.", "That's right.", "Ok, please do."
    ),
    "deny": _act(
        "says no", "No.", "No, please don't.", "No, I'd rather not.", "Not now, no.", "No, leave it as it is."
    ),
    "acknowledge": _act(
        "takes note", "Ok.", "I see.", "Alright, thanks.", "Ok, got it.", "Good to know.", "Understood."
    ),
    "forget": _act(
        "does not know the detail",
        "I don't remember my {label}.",
        "I don't have the {label} with me.",
        "Sorry, I can't find the {label}.",
        "No idea what my {label} is.",
        "I forgot the {label}.",
    ),
    "refuse": _act(
        "does not want to give the detail",
        "Why do you need my {label}?",
        "I'd rather not give you my {label}.",
        "Do I really have to tell you the {label}?",
        "I don't like to share my {label} here.",
    ),
    "correct": _act(
        "puts right what was said wrong",
        "Sorry, I made a mistake: the {label} is {value}.",
        "Wait, the {label} is {value}.",
        "Correction, it's {value}.",
        "Oh no, I misread it, it is {value}.",
    ),
    "unclear": _act(
        "says something that cannot be understood",
        "um the thing you know",
        "It's the uh",
        "hold on, sorry what",
        "hmm that one",
    ),
    "complain": _act(
        "is angry",
        "This is really annoying.",
        "I've been waiting for ages, this is ridiculous.",
        "I'm fed up with this.",
        "Honestly, your service is terrible.",
        "This is the third time I have to write to you!",
    ),
    "thank": _act(
        "says thanks",
        "Thanks!",
        "Thank you.",
        "Thanks for your help.",
        "Great, thank you very much.",
        "Perfect, thanks.",
    ),
    "no_more": _act(
        "needs nothing else",
        "No, that's all.",
        "No, thanks.",
        "That's it, thank you.",
        "Nothing else, thanks.",
        "No, that was everything.",
    ),
    "bye": _act("says goodbye", "Bye.", "Goodbye!", "Have a nice day.", "Thanks, bye!", "See you."),
    "abandon": _act(
        "leaves before the end",
        "I have to go, I'll try again later.",
        "Never mind, forget it.",
        "Sorry, something came up, bye.",
        "I don't have time for this now.",
        "Leave it, I'll call instead.",
    ),
    "ask": _act("asks something beside the goal"),
}

STANDARD_ASSISTANT_ACTS: dict[str, ActSpec] = {
    "greet": _act(
        "greets and offers help",
        "Hello, how can I help you today?",
        "Hi, what can I do for you?",
        "Welcome! How may I help?",
    ),
    "anything_else": _act(
        "asks whether there is more to do",
        "Is there anything else I can do for you?",
        "Can I help you with anything else?",
        "Do you need anything else today?",
    ),
    "goodbye": _act(
        "ends the conversation", "Thank you and goodbye.", "Have a good day!", "Thanks for getting in touch. Goodbye!"
    ),
    "ask_repeat": _act(
        "asks to say it again",
        "Sorry, I did not understand that. Could you say it again?",
        "I'm sorry, could you repeat that, please?",
        "I did not quite get that. Could you tell me once more?",
    ),
    "apologise": _act(
        "is sorry for the trouble",
        "I'm sorry for the trouble. Let me help you with this.",
        "I understand that this is frustrating, and I'm sorry.",
        "I apologise for the inconvenience. I'll do my best to sort it out.",
    ),
    "report_trouble": _act(
        "says that the system failed and tries again",
        "Our system did not answer just now. Let me try that again.",
        "I'm getting an error on my side. One moment, I'll try once more.",
        "Sorry, that did not go through. I'll try again.",
    ),
    "ask_wait": _act(
        "asks for patience",
        "One moment please, our system is a bit slow today.",
        "This takes a little longer, please bear with me.",
        "Thanks for waiting, the system is slow at the moment.",
    ),
    "accept_correction": _act(
        "takes the correction",
        "Thank you for the correction, I have noted {value}.",
        "No problem, I'll use {value} instead.",
        "Got it, {value}. Thanks for putting that right.",
    ),
    "check_value": _act(
        "reads a detail back to be sure",
        "I have noted {value}. Is that right?",
        "Let me check that I have it right: {value}?",
        "So the {label} is {value}, correct?",
    ),
    "explain_need": _act(
        "explains why the detail is needed",
        "I need your {label} to find the right record and keep your data safe.",
        "I understand. I only need the {label} to go on with this.",
        "We ask for the {label} so that nobody else can make changes.",
    ),
    "explain_cannot": _act(
        "explains that it cannot go on",
        "I'm sorry, I cannot go on without that.",
        "Without that I'm afraid I cannot help you with this.",
        "I'm sorry, that is needed before I can do anything.",
    ),
    "answer_question": _act("answers a question from the documents"),
}
