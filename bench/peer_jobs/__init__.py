"""The same job for each of the job systems that the bench compares, and who asks for it.

A system is a module with `enqueue(number)`, which comes back when the job is accepted, and
`settled()`, which says whether everything has ended, as far as the system can tell.
"""
