"""One row by its key, 1 connection, one query after the other: SQLAlchemy's ORM on psycopg2.

Usage: point_select_sqlalchemy.py [column]. By default the mapped object is loaded with session.get(), with nothing in
the session that could answer in the server's place; with `column` only the column is selected and no object is made.
The engine runs in autocommit, so that there is one round trip a query, as for all others.
"""

import sys

import contestant

sqlalchemy = contestant.need("sqlalchemy")
orm = contestant.need("sqlalchemy.orm")
psycopg2 = contestant.need("psycopg2")

Base = orm.declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.Text, nullable=False)
    age = sqlalchemy.Column(sqlalchemy.Integer)


def by_object(session, id):
    session.expunge_all()
    return session.get(User, id).name


def by_column(session, id):
    return session.execute(sqlalchemy.select(User.name).where(User.id == id)).scalar_one()


def main():
    select_name, what = (by_column, "select(User.name)") if "column" in sys.argv[1:] else (by_object, "session.get")
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg2://",
        creator=lambda: psycopg2.connect(contestant.dsn()),
        isolation_level="AUTOCOMMIT",
    )
    about = f"SQLAlchemy {sqlalchemy.__version__} ORM, {what}, psycopg2 {psycopg2.__version__.split()[0]}"
    with orm.Session(engine) as session:
        session.connection()
        for queries, seed in contestant.rounds(about):
            ids = contestant.random_ids(queries, seed)
            watch = contestant.Stopwatch()
            for id in ids:
                watch.lap(select_name(session, id))
            watch.print()


main()
