"""From a cell, as a CRM or a spreadsheet has it, to the phone number that is sent."""
