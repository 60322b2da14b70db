namespace BubbleSync.EmbeddedPostgres;

/// <summary>Returns a folder that the account can reach: the given one, or one in the temp folder that it points to.</summary>
internal static class ReachableFolder
{
    private const UnixFileMode PassThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    internal static async Task<string> ResolveAsync(string folder, Account account, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        if (!account.IsAnother)
            return folder;

        using var alone = await FolderLock.TakeAsync(folder, cancellationToken);
        var pointer = Path.Combine(folder, "place");
        if (File.Exists(pointer) && await File.ReadAllTextAsync(pointer, cancellationToken) is var place && Directory.Exists(place))
            return place;

        if (await OpensAsync(folder, account, cancellationToken))
            return folder;

        // /var/tmp first: it outlives a restart of the machine.
        foreach (var root in new[] { "/var/tmp", Path.GetTempPath() }.Where(Directory.Exists))
        {
            // A random name that did not exist: nobody can have prepared it.
            var made = Path.Combine(root, $"bubblesync-{Path.GetRandomFileName()}");
            Directory.CreateDirectory(made);
            if (await OpensAsync(made, account, cancellationToken))
            {
                await File.WriteAllTextAsync(pointer, made, cancellationToken);
                return made;
            }

            Directory.Delete(made);
        }

        throw new EmbeddedPostgresException(
            $"The account {account.Name}, which runs PostgreSQL because root may not, can reach neither {folder} nor the temp folder. "
            + "Start as a normal user, or from a folder that others may enter.");
    }

    private static Task<bool> OpensAsync(string folder, Account account, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, PassThrough);
        return account.CanEnterAsync(folder, cancellationToken);
    }
}
