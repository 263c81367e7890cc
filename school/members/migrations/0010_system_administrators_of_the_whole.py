from django.db import migrations

ROLE = "系统管理员"


def keep_the_machine_room_to_roots(apps, schema_editor):
    """Host-wide permissions move to a group of those who hold the role on a root of the tree."""
    groups = apps.get_model("auth", "Group").objects
    plain = groups.filter(name=ROLE).first()
    if plain is None:
        return
    whole, _made = groups.get_or_create(name=f"{ROLE}（全校）")
    whole.permissions.set(plain.permissions.all())
    plain.permissions.set(plain.permissions.filter(codename="access_admin"))
    grants = apps.get_model("members", "RoleGrant").objects
    held = grants.filter(role="system_admin", in_force=True, branch__depth=1)
    for grant in held.select_related("member"):
        grant.member.groups.add(whole)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0009_held_once"),
    ]

    operations = [
        migrations.RunPython(
            keep_the_machine_room_to_roots, migrations.RunPython.noop, elidable=True
        ),
    ]
