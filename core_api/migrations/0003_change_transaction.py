"""PostgreSQL alone: each change has the id of its transaction.

Models do not know the column, for SQLite, whose writers are serial, does without it.
"""

from django.db import migrations

FORWARDS = """
ALTER TABLE core_api_change ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX core_api_change_in_order ON core_api_change (transaction, sequence);
"""
BACKWARDS = "ALTER TABLE core_api_change DROP COLUMN transaction"


def on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == 'postgresql':
            schema_editor.execute(statements, params=None)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('core_api', '0002_jobs'),
    ]

    operations = [
        migrations.RunPython(on_postgresql(FORWARDS), on_postgresql(BACKWARDS)),
    ]
