"""Invented values for what a task's schema leaves open: people, pets, places, mishaps and quiz questions.

Nothing here stands for a real person or comes from a conversation; the quiz is general knowledge.
"""

from __future__ import annotations

__all__ = ["DENIED", "ERRANDS", "GRANTED", "MISHAPS", "MONTHS", "PEOPLE", "PETS", "PLACES", "QUIZ", "SURNAMES"]

PEOPLE: tuple[str, ...] = (
    "Alda Merrow", "Amir Castellan", "Anneke Voss", "Aria Penhallow", "Basil Quire", "Beatrix Lund", "Benno Hartwell",
    "Calla Rosewood", "Cedric Almond", "Chika Oduya", "Corin Blackthorn", "Dagny Solberg", "Damon Ferrers",
    "Delia Whitlock", "Edda Kranz", "Elias Thornbury", "Emre Kavak", "Esme Fairweather", "Farid Nassar",
    "Felicity Brook", "Finn Okafor", "Galina Petrov", "Gideon Marsh", "Greta Lindqvist", "Hana Kobayashi",
    "Hector Salinas", "Ines Carvalho", "Iris Dunmore", "Jasper Holloway", "Jun Nakata", "Kamala Desai", "Kira Stone",
    "Leif Andersen", "Leona Graves", "Luca Ferrante", "Mabel Archer", "Malik Rahman", "Mira Kowalski", "Nadia Brandt",
    "Noel Everhart", "Odile Marchand", "Omar Siddiq", "Orla Brennan", "Otto Weiland", "Paloma Reyes", "Perrin Locke",
    "Priya Menon", "Quentin Ash", "Ravi Chandran", "Rhea Sinclair", "Rufus Kettering", "Sabine Adler", "Samir Haddad",
    "Selma Nygaard", "Tamsin Grey", "Tobias Rook", "Uma Venkat", "Viktor Dray", "Wilma Oakes", "Yusuf Demir",
    "Zora Whitfield", "Ingrid Falk",
)  # fmt: skip

SURNAMES: tuple[str, ...] = (
    "Abernathy", "Bellweather", "Carver", "Dunlop", "Ellery", "Fenwick", "Garland", "Hawthorne", "Ives", "Jessup",
    "Kingsley", "Larkin", "Maddox", "Norwood", "Orchard", "Pemberton", "Quigley", "Radcliffe", "Sterling", "Tolliver",
    "Underhill", "Vance", "Wexford", "Yardley",
)  # fmt: skip

PETS: tuple[str, ...] = (
    "Biscuit", "Clover", "Dusty", "Echo", "Fidget", "Ginger", "Hazel", "Jellybean", "Kipper", "Luna", "Mittens",
    "Nugget", "Olive", "Pepper", "Rusty", "Snowball", "Toffee", "Waffles", "Ziggy", "Bandit", "Marble", "Socks",
)  # fmt: skip

PLACES: tuple[str, ...] = (
    "the central station", "the science museum", "the old town hall", "the city library", "the harbor market",
    "the university", "the riverside park", "the concert hall", "the airport", "the botanical garden",
    "the main post office", "the sports arena", "the art gallery", "the general hospital", "the north mall",
    "the ferry terminal", "the zoo", "the tech campus", "the public pool", "the old mill", "the convention center",
    "the farmers market", "the city theater", "the observatory",
)  # fmt: skip

MONTHS: tuple[str, ...] = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

MISHAPS: tuple[str, ...] = (
    "There is a charge of 240 dollars from an electronics shop that I never visited.",
    "Someone withdrew 300 dollars from my account last night and it was not me.",
    "I see three payments to an online store that I have never heard of.",
    "My card was stolen yesterday and it has been used at a gas station since.",
    "I got a call from someone who said they were the bank, and now 500 dollars are missing.",
    "There are two transfers to a stranger that I did not make.",
    "I was charged twice for a hotel in a city that I have never been to.",
    "Somebody opened a loan in my name and the payments go out of my account.",
    "A subscription of 49 dollars a month appeared and I never signed up for it.",
    "I clicked on a link in an email and afterwards money was gone from my account.",
    "My statement shows a purchase of concert tickets that I did not buy.",
    "Someone changed my address and ordered a new card.",
    "A check that I never wrote was cashed for 820 dollars.",
    "My wallet was taken on the train and the card was used in four shops.",
    "I noticed a payment of 1200 dollars to a travel agency that I do not know.",
    "There were several small charges of one dollar each, all from abroad.",
    "My phone was hacked and somebody sent money from my banking app.",
    "An ATM kept my card and the next day there was a withdrawal of 400 dollars.",
    "I sold something online and the buyer took money out instead of paying me.",
    "I found a charge for a game console on my account and nobody here bought one.",
)  # fmt: skip

GRANTED: tuple[str, ...] = (
    "Accepted: {}. You may proceed.", "{}: confirmed. Access granted.", "{}: welcome aboard.", "Access granted.",
    "The code is correct. Go ahead.", "It is open now.", "Thank you, the code has been accepted.",
    "Done. The system is now released.", "Your request has been carried out.", "All right, that is unlocked now.",
)  # fmt: skip

DENIED: tuple[str, ...] = (
    "Refused: {}. Not authorized.", "{}: access denied.", "{}: this is not permitted.", "Sorry, the code is wrong.",
    "Sorry, this may only be done by a higher rank.", "You are not authorized for this.", "Access denied.",
    "Unfortunately this code does not allow that.", "Please come back with a valid code.", "The code has expired.",
)  # fmt: skip

ERRANDS: tuple[str, ...] = (
    "Look out for the sign on the right-hand side.", "You will pass a small bakery on the way.",
    "Keep the river on your left.", "There is a traffic light right before it.", "It is well signposted.",
    "Stay on the same side of the road.", "You will see a red brick building there.",
    "If you reach the bridge, you have gone too far.", "There is a bench and a mailbox at that corner.",
    "Follow the other people if it is busy.",
)  # fmt: skip

QUIZ: tuple[tuple[str, str, tuple[str, str]], ...] = (
    ("What is the capital of Australia?", "Canberra", ("Sydney", "Melbourne")),
    ("Which planet is known as the Red Planet?", "Mars", ("Venus", "Jupiter")),
    ("How many continents are there?", "seven", ("six", "five")),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci", ("Michelangelo", "Raphael")),
    ("What is the largest ocean on Earth?", "the Pacific Ocean", ("the Atlantic Ocean", "the Indian Ocean")),
    ("Which metal is liquid at room temperature?", "mercury", ("lead", "tin")),
    ("In which country is Machu Picchu?", "Peru", ("Bolivia", "Mexico")),
    ("How many strings does a violin have?", "four", ("five", "six")),
    ("What is the chemical symbol of gold?", "Au", ("Ag", "Go")),
    ("Which animal is the tallest in the world?", "the giraffe", ("the elephant", "the ostrich")),
    ("Who wrote Romeo and Juliet?", "Shakespeare", ("Dickens", "Marlowe")),
    ("What is the smallest prime number?", "two", ("one", "three")),
    ("Which river flows through Paris?", "the Seine", ("the Loire", "the Rhine")),
    ("What gas do plants take in from the air?", "carbon dioxide", ("oxygen", "nitrogen")),
    ("How many players of one team are on the field in soccer?", "eleven", ("ten", "twelve")),
    ("What is the hardest natural material?", "diamond", ("quartz", "granite")),
    ("In which year did people first walk on the Moon?", "1969", ("1965", "1972")),
    ("Which country has the shape of a boot?", "Italy", ("Greece", "Portugal")),
    ("What is the currency of Japan?", "the yen", ("the yuan", "the won")),
    ("Which instrument has 88 keys?", "the piano", ("the organ", "the accordion")),
    ("How many legs does a spider have?", "eight", ("six", "ten")),
    ("What is the longest river in South America?", "the Amazon", ("the Orinoco", "the Parana")),
    ("Which is the largest planet of the solar system?", "Jupiter", ("Saturn", "Neptune")),
    ("Who developed the theory of relativity?", "Einstein", ("Newton", "Bohr")),
    ("What is frozen water called?", "ice", ("steam", "frost")),
    ("Which language has the most native speakers?", "Mandarin", ("English", "Hindi")),
    ("How many minutes are in two hours?", "120", ("100", "140")),
    ("Which bird cannot fly and lives in Antarctica?", "the penguin", ("the puffin", "the albatross")),
    ("What is the capital of Canada?", "Ottawa", ("Toronto", "Montreal")),
    ("Which organ pumps blood through the body?", "the heart", ("the liver", "the lungs")),
    ("On which continent is Egypt?", "Africa", ("Asia", "Europe")),
    ("What do bees make?", "honey", ("silk", "milk")),
    ("What color do you get from blue and yellow?", "green", ("purple", "orange")),
    ("Which is the highest mountain on Earth?", "Mount Everest", ("K2", "Kilimanjaro")),
    ("How many sides does a hexagon have?", "six", ("five", "eight")),
    ("Who was the first president of the United States?", "Washington", ("Lincoln", "Jefferson")),
    ("What is the boiling point of water in degrees Celsius?", "100", ("90", "212")),
    ("Which country gave the Statue of Liberty to the United States?", "France", ("England", "Spain")),
    ("What is the main ingredient of hummus?", "chickpeas", ("lentils", "beans")),
    ("Which sport is played at Wimbledon?", "tennis", ("cricket", "golf")),
    ("What is the largest desert of hot climate?", "the Sahara", ("the Gobi", "the Kalahari")),
    ("Which vitamin does sunlight help the body to make?", "vitamin D", ("vitamin C", "vitamin A")),
    ("How many days has a leap year?", "366", ("365", "364")),
    ("In which city is the Colosseum?", "Rome", ("Athens", "Naples")),
)  # fmt: skip
