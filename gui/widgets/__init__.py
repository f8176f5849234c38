"""Widgets that know nothing of mug: theme, buttons, cards, empty states, toasts."""
