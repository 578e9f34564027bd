"""The connection to MongoDB, its transactions, and the translation of its errors. The indexes stand in `mongo_indexes.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import pymongo
from bson.errors import BSONError
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chalicelib.errors import ConfigError, InvalidInputError, StoreUnavailableError
from chalicelib.storage import mongo_indexes
from chalicelib.storage.refusals import listen_for_refusals

Document = dict[str, Any]  # a BSON document: values of any of its types
MongoDatabase = Database[Document]
Documents = Collection[Document]
R = TypeVar("R")

SERVER_SELECTION_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_MS = 5_000
SOCKET_TIMEOUT_MS = 20_000
WRITE_TIMEOUT_MS = 10_000


@contextmanager
def translate_errors(store: str) -> Iterator[None]:
    """Around a block or a function: what MongoDB cannot do at the moment is StoreUnavailableError, what no document can hold
    (half a surrogate pair, a number of 100 digits) is InvalidInputError. Adapters handle duplicate keys inside it."""
    try:
        yield
    except PyMongoError as exc:
        raise StoreUnavailableError(store) from exc
    except (BSONError, UnicodeEncodeError, OverflowError) as exc:
        raise InvalidInputError("The text or number cannot be stored.", code="not_storable") from exc


def connect(uri: str, database: str, *, on_refused: Callable[[], None] | None = None) -> MongoDatabase:
    """The database, not yet spoken to. Every acknowledged write is on the disks of a majority (anything less lost acknowledged
    documents when a server was killed), and what is read cannot be rolled back. `on_refused` hears when we are not let in."""
    client = _make_client(uri, listen_for_refusals(on_refused) if on_refused else [])
    return client.get_database(
        database,
        write_concern=WriteConcern(w="majority", j=True, wtimeout=WRITE_TIMEOUT_MS),
        read_concern=ReadConcern("majority"),
    )


@translate_errors("MongoDB")
def ensure_indexes(database: MongoDatabase) -> None:
    """Creates what is missing; again changes nothing. For deploy and start, not for requests. ConfigError where the server knows no
    transactions, which nothing here can do without."""
    mongo_indexes.create_missing(database)


def run_transaction(database: MongoDatabase, act: Callable[[ClientSession], R]) -> R:
    """`act` in a transaction with snapshot reads, run again whole when another was in its way or the server went away. In all it
    takes at most twice the time that the client waits for a server."""
    timeout_s = 2 * database.client.options.server_selection_timeout
    with pymongo.timeout(timeout_s), database.client.start_session() as session:
        return session.with_transaction(
            act,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern(w="majority", j=True),
        )


def upsert_one(documents: Documents, wanted: Document, change: Document, *, session: ClientSession | None = None) -> Document:
    """The document as it stands after the change."""
    changed = documents.find_one_and_update(wanted, change, upsert=True, return_document=ReturnDocument.AFTER, session=session)
    return cast("Document", changed)  # never None: an upsert leaves a document, and AFTER returns it


@translate_errors("MongoDB")
def _make_client(uri: str, listeners: Sequence[Any]) -> pymongo.MongoClient[Document]:
    try:
        return pymongo.MongoClient(
            uri,
            tz_aware=True,
            appname="timbre",
            retryWrites=True,
            retryReads=True,
            serverSelectionTimeoutMS=SERVER_SELECTION_TIMEOUT_MS,
            connectTimeoutMS=CONNECT_TIMEOUT_MS,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            event_listeners=listeners,
        )
    except (InvalidURI, ValueError) as exc:
        raise ConfigError("MONGODB_URI is wrong: it must look like mongodb://host:27017/?replicaSet=rs0.") from exc
