"""Files of leads as CRMs export them: their rows, and which column is which field of a contact."""
