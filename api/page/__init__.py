"""The pages for people: dashboard, reference, login, and the files they load."""
