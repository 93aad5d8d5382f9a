//! What the browser gets: the player, the styles, their compressed copies and names.
