"""The stores behind a listener's own pages, over one database."""

from __future__ import annotations

from chalicelib.storage.accounts import MongoAccountStore
from chalicelib.storage.erasures import MongoErasureStore
from chalicelib.storage.history import MongoHistoryStore
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.personal import MongoPersonalStore
from chalicelib.storage.sessions import MongoSessionStore
from chalicelib.storage.statistics import MongoStatisticsStore
from chalicelib.workflows.account_ports import AccountStores


def make_account_stores(database: MongoDatabase) -> AccountStores:
    return AccountStores(
        accounts=MongoAccountStore(database),
        sessions=MongoSessionStore(database),
        history=MongoHistoryStore(database),
        statistics=MongoStatisticsStore(database),
        personal=MongoPersonalStore(database),
        erasures=MongoErasureStore(database),
    )
