package flexui
