"""The whole daemon against real hosts of the lab, one fault after another or several at once.

What a symptom says is taken from `holding`, the function that `cs-exporter probe` shows.
"""
