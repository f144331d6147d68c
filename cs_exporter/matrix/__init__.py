"""The troubleshooting matrix: alerts, their proofs, dashboards, runbooks and references, all made from the sheets.

`rows` turns every symptom into one row; each other module here writes one kind of page or file from those rows.
"""
