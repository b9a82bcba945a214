"""The tables of frames and phrases that phrasings of imported tasks are made from.

`{X}` stands for a slot, `{label}` for what people call it, `{do}` and `{what}` for what a task is for. How they are
chosen and filled is the business of `star_words.py`.
"""

from __future__ import annotations

__all__ = [
    "DONE",
    "EARLY",
    "EARLY_WISHED",
    "FORGOTTEN",
    "FRAMES",
    "INLINE",
    "INSTEAD",
    "KNOWN",
    "MANNERS",
    "NO",
    "OFFER_NONE",
    "OPENINGS",
    "OPENINGS_WITH",
    "REQUESTS",
    "STRANGE",
    "TO_HAVE",
    "TO_KNOW",
    "TRUE",
    "UNKNOWN",
    "UNSURE",
    "WISHED",
    "YES",
]

KNOWN = (
    "{X}", "It's {X}.", "It is {X}", "My {label} is {X}.", "my {label} is {X}", "Sure, it's {X}.", "{label}: {X}",
    "The {label} is {X}.", "That would be {X}.", "Yes, {X}.", "ok, {X}", "Of course. {X}", "It should be {X}.",
    "Here you go: {X}", "Let me see... {X}.", "Yes, my {label} is {X}.", "Right, that's {X}.",
)  # fmt: skip
"""Answers with what people know (an account number)."""

WISHED = (
    "{X}", "{X} please", "{X}, please.", "I'd like {X}.", "{X} would be great.", "Let's say {X}.", "I think {X}.",
    "make it {X}", "{X} I guess", "I would prefer {X}.", "It should be {X}.", "The {label} should be {X}.", "ok, {X}",
    "for the {label}, {X}", "I want {X}", "{X} works best for me", "Let's go with {X}.",
)  # fmt: skip
"""Answers with what people wish (a city)."""

FRAMES: dict[str, tuple[str, ...]] = {
    "name": (
        "{X}", "My name is {X}.", "my name is {X}", "I'm {X}.", "i'm {X}", "This is {X}.", "It's {X}.", "{X} here",
        "Sure, my name is {X}.", "Name's {X}.", "It is {X}.", "Yes, I am {X}.", "Of course, it's {X}.", "I am {X}",
        "Sure. {X}.", "The name is {X}", "Hi, I'm {X}.", "You can call me {X}.",
    ),
    "date": (
        "{X}", "On the {X}.", "the {X}", "The {X} please.", "I'd like to travel on the {X}.", "On the {X}, please.",
        "I have to be there on the {X}", "Let's say the {X}.", "for the {X}", "I need it on the {X}.", "The {X} works.",
        "it would be the {X}",
    ),
    "day": (
        "{X}", "On {X}.", "For {X}.", "{X} please", "This {X}.", "I'd like to know about {X}.", "for {X}, please",
        "What about {X}?", "This coming {X}.", "I need it for {X}.", "on {X} please", "{X} is what I need.",
    ),
    "time": (
        "{X}", "At {X}.", "Around {X}.", "{X} please", "at {X}", "{X} would be perfect.", "I'd say {X}.", "For {X}.",
        "About {X}, please.", "I'm thinking of {X}.", "Let's do {X}.", "at around {X} please", "{X} if possible",
        "Probably {X}.",
    ),
    "departure": (
        "{X}", "From {X}.", "from {X}", "I'm leaving from {X}.", "I am departing from {X}.", "I'll start from {X}",
        "I'm in {X} right now.", "{X} please", "I will be leaving from {X}.", "Starting at {X}", "It's {X}.",
        "I want to leave from {X}", "We're setting off from {X}.", "departing from {X}",
    ),
    "arrival": (
        "{X}", "To {X}.", "to {X}", "I'm going to {X}.", "I need to get to {X}.", "I want to go to {X}", "{X} please",
        "My destination is {X}.", "I have to be at {X}", "We are heading to {X}.", "I'd like to go to {X}.",
        "It's {X}.", "Going to {X}", "I would like to get to {X}.",
    ),
    "city": (
        "{X}", "In {X}.", "For {X}.", "{X} please", "I'd like it for {X}.", "in {X}, please", "I'm in {X}.",
        "It's {X}.", "I will be in {X}.", "for {X}", "I'd like to know about {X}.", "{X}, please.", "The city is {X}.",
    ),
    "location": (
        "{X}", "In the {X}.", "Somewhere in the {X}.", "{X} please", "In the {X} part of town.", "It should be {X}.",
        "{X} would be best.", "the {X} side of town", "Somewhere {X}", "I'd like something in the {X}",
        "{X} side please", "The location should be {X}.",
    ),
    "size": (
        "{X}", "{X} people", "For {X} people.", "There will be {X} of us.", "We are {X}.", "A table for {X}.",
        "Party of {X}.", "{X} people please", "It's going to be {X} people.", "for {X}", "{X} in total",
        "We'll be {X}.",
    ),
    "rating": (
        "{X}", "{X} stars", "At least {X}.", "It should have {X} stars.", "An average rating of {X}.",
        "{X} stars please", "A rating of {X} would be good.", "{X} or so", "The rating should be {X}.",
        "I'd like {X} stars.", "Something with a rating of {X}",
    ),
    "price": (
        "{X}", "{X} credits", "The price should be {X}.", "I can pay {X}.", "for {X} credits", "It should cost {X}.",
        "My budget is {X} credits.", "Around {X}", "{X} credits at most", "The price should be around {X}.",
        "No more than {X} credits.",
    ),
    "duration": (
        "{X} hours", "It should take {X} hours.", "{X} hours please", "A flight of {X} hours.",
        "a duration of {X} hours", "I'd like a {X} hour flight", "about {X} hours", "The duration should be {X} hours.",
        "It should last {X} hours.", "{X} hours or so", "No longer than {X} hours.",
    ),
    "class": (
        "{X}", "{X} class", "{X} class please", "I'd like to fly {X}.", "In {X} class.", "I want {X} class",
        "It should be {X} class.", "I'd prefer {X} class.", "a {X} class ticket", "{X} would be good.", "Class: {X}",
    ),
    "airline": (
        "{X}", "With {X}.", "{X} please", "I'd like to fly with {X}.", "I prefer {X}.", "It should be {X}.",
        "Only {X}, please.", "{X} if possible", "The airline should be {X}.", "I always fly with {X}.", "a {X} flight",
    ),
    "food": (
        "{X}", "{X} food", "I feel like {X}.", "Something {X}.", "{X} please", "I'd like to eat {X}.",
        "{X} food please", "I'm in the mood for {X}.", "We want {X}.", "a place that serves {X}",
        "I'm looking for {X}.", "Let's have {X}.",
    ),
    "mode": (
        "{X}", "{X} please", "I'd like to go by {X}.", "I'm {X}.", "{X} would be best.", "I'll be {X}", "By {X}.",
        "I think {X}.", "{X}, please.", "I prefer {X}.", "It's {X}.", "I'm planning on {X}.",
    ),
    "restaurant": (
        "{X}", "{X} please", "I'd like to go to {X}.", "At {X}.", "I want to eat at {X}", "We'd like to go to {X}.",
        "The restaurant is {X}.", "It's called {X}.", "{X} would be great.", "a table at {X}", "Let's go to {X}.",
        "I was thinking of {X}.",
    ),
    "question": (
        "{X}", "Question {X}.", "number {X}", "Let's start with question {X}.", "{X} please", "Start at question {X}.",
        "I'd like to start at {X}.", "Let's go with {X}", "question number {X}", "From question {X}, please.",
        "I want to begin with {X}.", "At number {X}.",
    ),
    "reply": (
        "{X}", "{X}?", "Is it {X}?", "I think it's {X}.", "It's {X}.", "{X}!", "That must be {X}.", "I'd say {X}.",
        "Easy, {X}.", "My answer is {X}.", "Hmm, {X}?", "I guess {X}.", "The answer is {X}.", "Was it {X}?",
        "I'm going with {X}.",
    ),
    "report": (
        "{X}", "Yes. {X}", "Well, {X}", "Here is what happened. {X}", "Ok so, {X}", "I noticed something odd. {X}",
        "It is like this: {X}", "I'll try to explain. {X}", "This is what I know: {X}", "Sure. {X}", "It's bad. {X}",
    ),
}  # fmt: skip
"""Word of a field → answers that fit it; the first word that fits counts."""

TRUE = (
    "It should be a place that {X}.", "One that {X}.", "I want one that {X}.", "Yes, one that {X}.",
    "I need a place that {X}.", "Only if it {X}.", "somewhere that {X}", "it {X}, hopefully", "Make sure that it {X}.",
    "I'd like something that {X}.", "It {X}, right? I need that.",
)  # fmt: skip
"""Answers with a yes-or-no criterion that must hold (`{X}` is "takes reservations")."""

EARLY = (
    "My {label} is {X}.", "The {label} is {X}.", "{label}: {X}", "my {label} is {X} by the way",
    "I have the {label} here, it's {X}.", "In case you need it, my {label} is {X}.",
    "For your records, my {label} is {X}.",
)  # fmt: skip
"""Telling unasked what one knows."""

EARLY_WISHED = (
    "The {label} should be {X}.", "{label}: {X}", "I'd like {X} as the {label}.", "The {label} is {X}.",
    "For the {label} I'd like {X}.", "{X} as the {label} would be great.",
)  # fmt: skip
"""Telling unasked what one wishes."""

INLINE: dict[str, tuple[str, ...]] = {
    "date": ("… on the {X}", "… for the {X}", "… on {X}", "… the {X}"),
    "day": ("… on {X}", "… for {X}", "… {X}", "… this {X}"),
    "time": ("… at {X}", "… around {X}", "… for {X}"),
    "departure": ("… from {X}", "… leaving from {X}", "… starting at {X}"),
    "arrival": ("… to {X}", "… going to {X}", "… to get to {X}"),
    "city": ("… in {X}", "… for {X}"),
    "location": ("… in the {X}", "… in the {X} part of town", "… somewhere {X}"),
    "size": ("… for {X} people", "… for {X}", "… for a party of {X}"),
    "rating": ("… with {X} stars", "… with a rating of {X}", "… rated at least {X}"),
    "price": ("… for {X} credits", "… at most {X} credits"),
    "duration": ("… of {X} hours", "… that takes {X} hours"),
    "class": ("… in {X} class", "… {X} class"),
    "airline": ("… with {X}", "… on {X}"),
    "food": ("… with {X} food", "… that serves {X}", "… {X} food"),
    "mode": ("… by {X}", "… {X}"),
    "restaurant": ("… at {X}", "… at the {X}"),
    "question": ("… from question {X}", "… starting at {X}", "… question {X}"),
}
"""Word of a field → ways to tell it within the request; "…" goes on with the sentence before."""

FORGOTTEN = (
    "I don't remember my {label}.", "I forgot my {label}.", "Sorry, I can't remember my {label}.", "I don't know it",
    "I don't have my {label} with me.", "I'm afraid I don't know my {label}.", "I have no idea",
    "I can't recall my {label}", "Oh no, I don't remember that.", "I lost it, so I can't tell you my {label}.",
    "I do not know my {label}", "Is there another way? I forgot my {label}.", "I don't have that information right now",
)  # fmt: skip

UNKNOWN = (
    "I don't know", "No idea.", "I have no clue", "Pass.", "I don't know that one.", "Hmm, I really don't know.",
    "You got me there.", "I'm not sure, tell me.", "I give up.", "No clue, sorry.", "skip", "I can't think of it.",
)  # fmt: skip

REQUESTS: dict[str, tuple[str, ...]] = {
    "balance": (
        "check my bank balance", "know my account balance", "find out how much money I have in my account",
    ),
    "fraud": (
        "report a fraud", "report fraudulent activity on my account", "file a fraud report",
    ),
    "plane_book": (
        "book a flight", "reserve a seat on a flight", "make a flight reservation",
    ),
    "plane_search": (
        "find a flight", "look for a plane ticket", "fly somewhere and need to find a flight",
    ),
    "restaurant_book": (
        "book a table", "make a reservation at a restaurant", "reserve a table for dinner",
    ),
    "restaurant_search": (
        "find a restaurant", "find a good place to eat", "eat out and need a suggestion",
    ),
    "access": (
        "enter an access code", "use my clearance code", "get an action authorized on the ship",
    ),
    "direction": (
        "get directions", "know how to get somewhere", "find the way to a place",
    ),
    "trivia": (
        "play trivia", "play a quiz game", "answer some trivia questions",
    ),
    "weather": (
        "know the weather", "get a weather forecast", "check what the weather will be like",
    ),
}  # fmt: skip
"""More ways to say what a task is for; a task that fits none is named by its replies alone."""

OPENINGS = (
    "I'd like to {do}.", "I want to {do}.", "I would like to {do}, please.", "I need to {do}.", "Hi, I'd like to {do}.",
    "Hello, I want to {do}.", "Can you help me {do}?", "Could you help me to {do}?", "hey, i need to {do}",
    "Hi! Can you help me {do}?", "i want to {do}", "I need some help. I want to {do}.", "Hello! I would like to {do}.",
    "Good morning, I'm trying to {do}.", "I was hoping to {do}.", "hi i would like to {do}", "I'm looking to {do}.",
    "Hi there, I have to {do}.", "Can I {do}?", "can you {do}", "Please {do}.", "{do}", "hi, {do}", "Could I {do}?",
    "Is it possible to {do}?", "I'd like you to {do}.", "Hi, can I {do}?", "Trying to {do} here.", "{do} please",
)  # fmt: skip

INSTEAD = (
    "Then {X}.", "What about {X}?", "How about {X}?", "Maybe {X} then.", "Can you check {X}?", "And {X}?", "Try {X}.",
    "Can you also look for {X}?", "Ok, and {X}?", "Is there anything for {X}?", "could you try {X}", "{X}?",
)  # fmt: skip
"""What is wanted in another try."""

TO_KNOW = (
    "What is {what}?", "What's {what}?", "what's {what}", "Tell me {what}.", "Can I get {what}?",
    "Can you tell me {what}?", "I need {what}.", "Hi, what is {what}?", "hey what's {what}",
    "Could you look up {what} for me?",
)  # fmt: skip
"""Openings with what is wanted to be known."""

TO_HAVE = (
    "I need {what}.", "I want {what}.", "{what} please", "I'm looking for {what}.", "Hi, I need {what}.", "need {what}",
    "Can I get {what}?", "Hello, {what} please.", "Is it possible to get {what}?", "I have to have {what}.",
)  # fmt: skip
"""Openings with what is wanted to be had."""

OPENINGS_WITH = (
    "Can you help me with {what}?", "I need help with {what}.", "Hi, I need {what}.", "Hello, I'm here about {what}.",
    "I have a request about {what}.", "i need {what}", "It's about {what}.", "Hi, can I get some help with {what}?",
)  # fmt: skip

YES = (
    "Yes.", "Yes, please.", "yes", "Sure.", "Yeah.", "Yes, that would be great.", "Ok, yes.", "yes please",
)  # fmt: skip

NO = (
    "No.", "No, thanks.", "no", "No, thank you.", "Nope.", "No, I don't think so.", "no thanks", "Not really.",
)  # fmt: skip

DONE = (
    "I'm done, thanks.", "That's enough.", "I know the rest, thank you.", "I've got it from here.", "ok, done",
)  # fmt: skip

OFFER_NONE = (
    "No, that's not needed.", "I don't mind.", "Nothing specific.", "Anything is fine.", "No preference.",
    "no, any is ok", "It doesn't matter.", "Surprise me.", "I have no other wishes.", "Just show me anything.",
    "No, just what I said.",
)  # fmt: skip

UNSURE = (
    "I'm not sure yet.", "Ok, that's good.", "Can you help me choose?", "Hmm, what do you need to know?",
    "I haven't decided yet.", "Sounds good, ask me.", "ok, let's do that", "Which details do you need?",
    "I don't know where to start.", "Great, I need some help with that.", "Alright, just ask me.",
)  # fmt: skip
STRANGE = (
    "Do you like cheese?", "What is the meaning of life?", "uh the thing, you know", "asdf",
    "Can you order me a pizza?", "My dog just ate my homework.", "Are you a robot?", "How old are you?",
    "What do you think about football?", "Tell me a joke.", "sorry what", "I lost my keys.", "Can you sing?",
    "hm that one from before", "What time is it?",
)  # fmt: skip

MANNERS: dict[str, list[str]] = {
    "greet": [
        "Hi", "Hello", "hi there", "Hey", "Hello!", "Good morning", "Hi, how are you?", "hello there", "Good evening.",
    ],
    "acknowledge": [
        "Ok.", "Ok, thanks.", "I see.", "Alright.", "ok", "Thank you.", "Got it.", "Oh ok", "Thanks",
        "Alright, thank you.", "Understood.", "Okay.", "Oh, I see.", "alright", "Thanks for letting me know.",
    ],
    "try_another": [
        "Can I try another one?", "Then I'd like to choose something else.", "What about a different one?",
        "Oh. Let me try something else.", "Could we try another one, please?", "ok then a different one",
        "Let's try something else.", "Hmm, is there another option?", "Then let's look for another one.",
    ],
    "no_more": [
        "No, that's all.", "No, thanks.", "That's it, thank you.", "no", "No thank you.", "Nothing else, thanks.",
        "No, that was everything.", "That's all for now.", "nope, that's it", "No, I'm good.", "That would be all.",
        "No, that's all I needed.", "nothing else",
    ],
    "thank": [
        "Thanks!", "Thank you.", "Thanks for your help.", "Great, thank you very much.", "Thank you so much!", "thanks",
        "Perfect, thank you.", "Awesome, thanks a lot.", "That's great, thanks.", "Thank you for your help!",
    ],
    "bye": [
        "Bye.", "Goodbye!", "bye", "Have a nice day.", "Thanks, bye!", "See you.", "Goodbye.", "You too, bye.",
    ],
    "complain": [
        "This is really annoying.", "This takes forever.", "Why do you have to know all that?", "You are so slow!",
        "I'm getting really frustrated.", "Can't you just do it?", "This is ridiculous.", "I am very angry right now.",
        "I don't have all day.", "Your service is terrible.", "Come on, hurry up!",
    ],
    "abandon": [
        "I have to go, I'll try again later.", "Never mind, forget it.", "Sorry, something came up, bye.",
        "I don't have time for this now.", "Leave it, I'll do it myself.",
        "I changed my mind, I don't need it anymore.", "Forget it.", "Never mind, bye.", "I gotta go.",
        "It's not important anymore, goodbye.",
    ],
    "correct": [
        "Sorry, I made a mistake: it's {value}.", "Wait, the {label} is {value}.", "Correction, it's {value}.",
        "Oh no, I meant {value}.", "Sorry, {value}.", "I mean {value}.", "Actually it's {value}.", "No wait, {value}.",
        "Scratch that, my {label} is {value}.",
    ],
}  # fmt: skip
"""Acts of any user, in more words than the standard ones."""
