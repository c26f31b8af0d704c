"""What compression knows of a blob; objects that are there are as large as their originals."""

from django.db import migrations, models


def measure(apps, schema_editor):
    blobs = apps.get_model('core_api', 'Blob').objects.using(schema_editor.connection.alias)
    blobs.update(stored_size=models.F('size'))


class Migration(migrations.Migration):

    dependencies = [
        ('core_api', '0003_change_transaction'),
    ]

    operations = [
        migrations.AlterField(
            model_name='blob',
            name='encoding',
            field=models.CharField(help_text='how the object is encoded: raw, webp ...', max_length=16),
        ),
        migrations.AddField(
            model_name='blob',
            name='stored_size',
            field=models.PositiveBigIntegerField(default=0, help_text='of the object, in bytes'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='blob',
            name='stored_sha256',
            field=models.CharField(blank=True, db_default='', default='', help_text='of an encoded object', max_length=64),
        ),
        migrations.AddField(
            model_name='blob',
            name='media_type',
            field=models.CharField(blank=True, db_default='', default='', help_text='that an encoded one had', max_length=64),
        ),
        migrations.AddField(
            model_name='blob',
            name='outcome',
            field=models.CharField(choices=[('encoded', 'Encoded'), ('kept', 'Kept'), ('undecodable', 'Undecodable'), ('failed', 'Failed')], help_text='of compression; NULL: waits for it', max_length=12, null=True),
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='blob',
            index=models.Index(condition=models.Q(('outcome__isnull', True)), fields=['id'], name='blobs_waiting'),
        ),
    ]
