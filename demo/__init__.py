"""A local start (DEMO=1): two invented universities with people, courses and reports, and the built-in providers.

universities.py, stories.py    what there is, and what happens to the learners
people.py, structure.py, consents.py, contests.py, enrolments.py, evidence.py, pictures.py, sounds.py: making it, in
                               seed.py
secret_file.py                 passwords and credentials, which are printed
measuring.py                   what the built-in providers find in a sample
provider.py, jobs.py           their work through the API of providers, and whose messages they take
"""
