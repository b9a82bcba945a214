"""Runs that are watched: the reference they are held against, batches, what gates say after each and what follows.

`reference` freezes the human conversations, `course` says which scenario comes when, `judging` asks the gates and acts,
`missing` turns cells that are not there into levels that are to come more often.
"""
