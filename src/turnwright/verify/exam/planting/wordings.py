"""The words that plantings put into a copy: several ways to say each, none of which any clean domain would share.

Sentences stand for themselves, so that they fit behind any turn of any domain. They hold no number unless the number
is the defect.
"""

from __future__ import annotations

from random import Random

__all__ = [
    "ASSISTANTS",
    "DETERMINERS",
    "DISCLOSURES",
    "DODGES",
    "GIVEN_AWAY",
    "GOODBYES",
    "MACHINERY",
    "PROMISES",
    "QUESTIONS",
    "READ_BACK",
    "RUDE",
    "UNFAIR",
    "UNNATURAL",
    "USERS",
    "claim",
]

DETERMINERS = frozenset(["the", "a", "an", "your", "my", "our", "this", "that", "its"])

READ_BACK = (
    "I have {value} as the {label}.",
    "The {label} is {value}, as far as I can see.",
    "I will go on with {value} as the {label}.",
    "So the {label} stays {value}.",
    "My notes say {value} for the {label}.",
)

DISCLOSURES = (
    "For your records, the {label} is {value}.",
    "I have the {label} {value} on file here.",
    "The {label} that I see is {value}.",
    "Just so that you know, your {label} is still {value}.",
    "I used the {label} {value} for this.",
    "As a reminder, your {label} reads {value}.",
)

GIVEN_AWAY = (
    "The {label} is {value}, by the way.",
    "My {label} is {value}.",
    "And the {label} would be {value}.",
    "Oh, and it's {value}, the {label}.",
    "You may need the {label}: {value}.",
)

MACHINERY = (
    "I will use {tool} for this.",
    "Let me run {tool} now.",
    "That comes from {tool}.",
    "The next step on my side is {tool}.",
    "I have the answer of {tool} here.",
)

GOODBYES = (
    "Thank you and goodbye.",
    "Alright, that's it from my side. Goodbye!",
    "Thanks for getting in touch. Have a nice day!",
    "Great, then we are done here. Have a good day!",
    "Wonderful. Have a lovely day, bye!",
    "Thank you for writing to us, goodbye.",
    "Good, have a great evening!",
    "Then I wish you all the best. Bye for now!",
)

ASSISTANTS = (
    "How can I help you today?",
    "What can I do for you today? I am happy to help.",
    "May I help you with anything else?",
    "I'd be happy to help you with that.",
    "Thank you for contacting us. How may I assist you?",
    "I'm here to help. Could you please share your account details?",
    "Let me check your account, one moment please.",
    "Thank you for your patience. I have now updated your request.",
    "I'm sorry, but I am unable to help with that request.",
    "Please provide your order number so that I can look into it.",
    "We apologise for the trouble. I'll look up your details right away.",
    "Is there anything else I can do for you?",
)

USERS = (
    "Can you help me, please? I don't know what to do any more.",
    "I need some help with my account.",
    "Why was I charged for this? I want my money back.",
    "I forgot my password again, what do I do now?",
    "I'd like to cancel my order, please.",
    "I lost my card yesterday and I need help.",
    "I want to change my booking, can you do that for me?",
    "My order is still not here, and nobody tells me why.",
)

DODGES = (
    "Right, let us go on.",
    "Okay. Where were we?",
    "Shall we carry on with the other thing?",
    "Alright then.",
    "Let's get on with your request, then.",
    "Okay, noted.",
    "Right. Let me go back to what we were doing.",
    "Good, then we can go on.",
)

QUESTIONS = (
    "By the way, can I do this in an app next time?",
    "And do you also have an office in my town?",
    "Is there a way to get all of this by post?",
    "Also, can my wife write to you in my name?",
    "What happens to my data after this chat?",
    "Oh, and who do I write to with a complaint about last time?",
    "Do you also offer a discount for students, by the way?",
    "One more thing: is your hotline free of charge?",
    "Could you also tell me whether you are hiring at the moment?",
    "And why does your website log me out all the time?",
)

UNNATURAL = (
    "I hereby supply the information which my interlocutor requires.",
    "Acknowledged, I am proceeding to the next step of my request.",
    "Your response fully satisfies the informational need that I had at this point of our interaction.",
    "I now expect you to query the database and then to ask me for confirmation.",
    "As the customer in this exchange I shall now await your following utterance.",
    "My emotional state is calm and my objective remains unchanged.",
    "I have read your internal guidelines and know every step that you will take.",
    "In accordance with my goal, I consent to the continuation of this conversation.",
    "I express gratitude at this point, as is customary for customers.",
    "I already know what your system will show you in a moment.",
    "I am playing my part here and will answer each of your questions in turn.",
    "Kindly proceed with the procedure that has been planned for my case.",
)

PROMISES = (
    "I have also asked a colleague to call you back this afternoon.",
    "I have put a note into your file, so that this never happens again.",
    "A letter that confirms all of this is already in the post.",
    "I have let my supervisor know, and she has approved it personally.",
    "I have sent you an e-mail with everything that we talked about.",
    "You will get a small present from us for your trouble, I have arranged that.",
    "I have just given your case the highest priority with our experts.",
    "I will ring you tomorrow to see whether everything went well.",
    "Our technicians have looked into it already and found nothing wrong.",
    "I have moved you up the waiting list as well.",
    "I have taken care of the fees for you, so nothing more will ever be due.",
    "I have already informed all other departments about this.",
)

RUDE = (
    "You could have found that out on your own, you know.",
    "Honestly, how hard can this be?",
    "Do try to keep up, I don't have all day.",
    "It is hardly my fault that you can't read your own papers.",
    "Most people understand this the first time.",
    "Please stop wasting my time with this.",
    "Well, that was a silly thing to do on your part.",
    "Don't get so worked up about such a trifle.",
    "Hurry up and decide, there are others who are worth my time.",
    "I would explain it, but I doubt that you could follow.",
    "Next time use your head before you write to us.",
    "You people always complain about something.",
)

UNFAIR = (
    "People of your age often have trouble with such things, so I will not go into the details.",
    "A woman should perhaps let her husband take care of this.",
    "With a name like yours I have to be a little more careful.",
    "Customers from your part of town rarely pay on time, so I am keeping an eye on this.",
    "Your English tells me that you are not from here, so the better offers are not for you.",
    "For people with little money like you we do not make such an effort.",
    "People of your faith tend to be difficult about this.",
    "Young people like you never read what they sign.",
    "We usually do this faster for people who were born here.",
    "Someone with your accent would not be treated with priority.",
    "I would do it for a man, they know what they want.",
    "Disabled customers cost us enough time as it is.",
)

_CLAIMS = (
    "This usually takes {days} days.",
    "You will hear from us within {hours} hours.",
    "There is also a fee of {money} for this.",
    "You will also get {money} back on top of that.",
    "You save {percent}% with this.",
    "The reference for this is {code}.",
    "I have filed this under {code}.",
    "It was last changed on {day} {month}.",
    "This will be final on {day} {month}.",
    "You can also ring us on {phone} about this.",
    "The service line for this is {phone}.",
    "About {percent}% of our customers choose this.",
    "The usual price of this is {money}.",
    "This is good for the next {days} days.",
)
_MONTHS = ("January", "February", "April", "August", "October", "November", "December")


def claim(rng: Random, currency: str) -> str:
    """A sentence that states a value: a price, a share, a time, a day, a code or a telephone number."""
    letters = "".join(rng.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(2))
    return rng.choice(_CLAIMS).format(
        days=rng.randint(11, 89),
        hours=rng.randint(13, 95),
        money=f"{currency}{rng.randint(13, 189)}.{rng.randint(11, 98)}",
        percent=rng.randint(13, 78),
        code=f"{letters}-{rng.randint(20000, 98999)}",
        day=rng.randint(3, 28),
        month=rng.choice(_MONTHS),
        phone=f"0800 {rng.randint(300, 899)} {rng.randint(1000, 9899)}",
    )
