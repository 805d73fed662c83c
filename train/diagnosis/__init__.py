"""The classifier of twelve, three and one lead: what it is shown, how it is fitted, what it is measured by."""
