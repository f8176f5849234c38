"""The window around the pages: navigation, menus, settings, toasts, the crash dialog."""
