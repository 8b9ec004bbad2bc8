"""Moving, copying, deleting; and what changed in a folder."""


def move(item, target, copies=False):
    """Puts a message or its copy elsewhere; the answer is the message there, which has another id."""
    other = item.copy(target.mailbox)
    if not copies:
        if target.mailbox is item.mailbox:
            other.immutable = item.immutable
        item.folder.take(item)
    return target.put(other)


def delete(item, how):
    """Takes a message away: HardDelete, SoftDelete or MoveToDeletedItems."""
    mailbox = item.mailbox
    if how == "HardDelete":
        item.folder.take(item)
    else:
        move(item, mailbox.by_name["deleteditems" if how == "MoveToDeletedItems" else "recoverableitemsdeletions"])


def changes(folder, since):
    """What happened after a step, as rows of step, kind, and item or row of a deleted one; in order."""
    rows = []
    for item in folder.items.values():
        if item.created_step > since:
            rows.append((item.created_step, "Create", item))
        if item.changed_step > max(since, item.created_step):
            rows.append((item.changed_step, "Update", item))
        elif item.read_step > max(since, item.created_step):
            rows.append((item.read_step, "ReadFlagChange", item))
    rows.extend((row[0], "Delete", row) for row in folder.gone if row[0] > since >= row[2])
    return sorted(rows, key=lambda row: row[0])
