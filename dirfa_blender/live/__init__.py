"""Live speech on a character: sound to the server and samples back, and a face that plays them.

`speech_stream` is the open connection, `live_session` the thread beside the interface, `live_player`
the face: without keys while it plays, then as it was or with a new take.
"""
