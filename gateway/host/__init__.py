"""What a part of the gateway gets and gives: the one room that parts know."""
