"""The Program itself: frozen records that check themselves. What is done with them lives in the other rooms."""
