"""Every code that an answer can carry, its status and what it means, in one place: what `errors.py` answers with, what routes name in
`errors=`, and what the OpenAPI document and its page tell.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    status: int
    meaning: str  # for who writes a client
    message: str  # an example of what people are told


ERROR_CODES: dict[str, ErrorCode] = {
    "invalid_input": ErrorCode(
        400, "A parameter or the body does not fit its schema; the message says where.", "The request's JSON does not fit: Expected `str`."
    ),
    "invalid_cursor": ErrorCode(
        400, "The cursor was not given out by this list. Start without one.", "The cursor is not one that this list gave out."
    ),
    "not_storable": ErrorCode(400, "A text or number is one that no document can hold.", "The text or number cannot be stored."),
    "username_not_allowed": ErrorCode(
        400,
        "The username breaks the rules for names.",
        "A username has 3 to 32 characters: letters, digits, dots, dashes and underscores.",
    ),
    "password_too_short": ErrorCode(400, "The password has too few characters.", "A password has at least 8 characters."),
    "password_too_long": ErrorCode(400, "The password has too many characters.", "A password has at most 200 characters."),
    "password_is_username": ErrorCode(400, "The password is the username.", "The password must not be the username."),
    "empty": ErrorCode(400, "The file to upload has no bytes.", "A song has 1 to 500000000 bytes, got 0."),
    "not_audio": ErrorCode(400, "The file to upload is not audio by its type.", "Only audio can be uploaded, got 'image/png'."),
    "password_unchanged": ErrorCode(400, "The new password is the old one.", "That is the password you have already."),
    "not_signed_in": ErrorCode(401, "There is no session, or it has expired. Log in and send the token.", "Please log in first."),
    "wrong_credentials": ErrorCode(
        401, "The username or the password is wrong; which of them is not told.", "The username or the password is wrong."
    ),
    "not_allowed": ErrorCode(
        403, "Signed in, but this is for somebody else to do.", "Only the person who uploaded a song, or an operator, may remove it."
    ),
    "wrong_password": ErrorCode(403, "The password that proves who asks is wrong.", "That is not your password."),
    "demo_stays": ErrorCode(
        403,
        "The demo account is everybody's: nobody changes its password or erases it.",
        "The demo account belongs to everybody who comes.",
    ),
    "wrong_origin": ErrorCode(
        403,
        "A write by cookie must come from a page of this site. Programs use the bearer token.",
        "This request does not come from a page of Timbre.",
    ),
    "other_listener": ErrorCode(
        403,
        "The header `Timbre-Listener`, which pages send along with what they write, names somebody else than the session does.",
        "Somebody else is logged in on this browser now; please reload the page.",
    ),
    "form_expired": ErrorCode(
        403, "A page's form is out of date.", "This form is out of date; please go back, reload the page and try again."
    ),
    "not_found": ErrorCode(404, "There is nothing at this address.", "There is nothing at this address."),
    "track_not_found": ErrorCode(404, "No such track, or it is gone.", "There is no such track."),
    "play_not_found": ErrorCode(
        404, "No such play in this listener's history, or it is too late to bring it back.", "There is no such play in your history."
    ),
    "session_not_found": ErrorCode(404, "No such session, or it has ended.", "There is no such session, or it has ended."),
    "user_not_found": ErrorCode(404, "No such user.", "There is no such user."),
    "cover_not_found": ErrorCode(404, "The track has no cover.", "This track has no cover."),
    "upload_not_found": ErrorCode(404, "No such upload, or it is somebody else's.", "There is no such upload."),
    "query_not_found": ErrorCode(404, "No such query, or it is somebody else's, or its hour is over.", "There is no such query."),
    "no_demo": ErrorCode(404, "This stage has no demo listener.", "There is no demo here."),
    "file_not_found": ErrorCode(404, "No such static file.", "There is no such file."),
    "method_not_allowed": ErrorCode(
        405, "The address does not take this method; `Allow` says which it takes.", "This address does not take this method."
    ),
    "conflict": ErrorCode(409, "It exists already, or has changed meanwhile.", "It has changed meanwhile."),
    "username_taken": ErrorCode(409, "Somebody has this name, in whatever case.", "The name ada is taken."),
    "event_id_taken": ErrorCode(
        409, "Another listener sent this `event_id`. Draw a new one.", "The event b3f1c2a4-0001 is somebody else's."
    ),
    "not_in_parts": ErrorCode(409, "The upload was not begun in parts.", "This upload was not begun in parts."),
    "parts_missing": ErrorCode(409, "Some parts have not arrived: `GET …/parts` says which have.", "2 of 3 parts are missing."),
    "parts_expired": ErrorCode(
        409, "S3 has let go of parts that were left alone. Begin a new upload.", "The parts that were sent are gone; please begin anew."
    ),
    "upload_arrived": ErrorCode(409, "The file is in the bucket: the upload cannot be called off.", "The file has arrived already."),
    "too_large": ErrorCode(413, "The request or the file is larger than allowed.", "A request has at most 65536 bytes, got 70000."),
    "unsupported_media_type": ErrorCode(
        415, "The body's `Content-Type` is not `application/json`.", "The request's content type is not one that this address takes."
    ),
    "too_many_requests": ErrorCode(
        429, "Too many attempts. Wait for as many seconds as `Retry-After` says.", "Too many attempts; please try again in 300 seconds."
    ),
    "internal_error": ErrorCode(500, "A fault of ours. Tell us the `request_id`.", "Something went wrong on our side. It has been noted."),
    "store_unavailable": ErrorCode(
        503,
        "A part that this needs does not answer. Nothing was done; try again after `Retry-After` seconds.",
        "MongoDB does not answer at the moment; please try again in a few seconds.",
    ),
}
