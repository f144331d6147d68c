"""Pure parsers, one file per wire format: text, bytes or rows in, a frozen value or UnparsableError out.

They import nothing that does I/O, so each can be tested with captures and random input alone.
"""
