"""The console's settings: who signs in, what programs are let in with, the account at the carrier, the state of every
part, how long what is kept of people is kept, and who did what."""
