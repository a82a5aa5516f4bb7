"""What the house says, a file per language.

A phrase is one or several wordings; `[formal|familiar]` is chosen by how the person likes to be addressed.  A key is
always announced right after its verb.  No phrase promises what is not being done, and none says that a call is
important.
"""
