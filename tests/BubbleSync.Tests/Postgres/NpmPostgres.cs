using System.Collections.Concurrent;
using BubbleSync.EmbeddedPostgres;
using Xunit;
using static System.FormattableString;

namespace BubbleSync.Tests.Postgres;

/// <summary>The programs of one PostgreSQL version from npm, or the reason why they are not there. Downloaded once, kept beside the clusters.</summary>
internal sealed record NpmPostgres(string? BinFolder, string Reason)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);
    private static readonly ConcurrentDictionary<int, Lazy<NpmPostgres>> Found = new();

    private static readonly Dictionary<int, (string Folder, string Version)> Packages = new()
    {
        [16] = ("npm-16", "16.14.0-beta.17"),
        [17] = ("npm-17", "17.10.0-beta.17"),
        // Where the program itself puts it.
        [NpmBinaries.Major] = ("npm", NpmBinaries.Version),
    };

    /// <summary>Gives the programs of a major version.</summary>
    public static NpmPostgres Of(int major) => Found.GetOrAdd(major, _ => new(() => Get(major))).Value;

    // Tests are found by code that cannot wait asynchronously.
    private static NpmPostgres Get(int major)
    {
        using var limit = new CancellationTokenSource(Longest);
        NpmPostgres? found = null;
        var install = Task.Run(async () => found = await GetAsync(major, limit.Token));
        ((IAsyncResult)install).AsyncWaitHandle.WaitOne();
        return found ?? Missing(major, install.Exception?.InnerException?.Message ?? "it takes too long");
    }

    private static async Task<NpmPostgres> GetAsync(int major, CancellationToken cancellationToken)
    {
        var (folder, version) = Packages[major];
        var account = await Account.FindAsync(cancellationToken);
        var (bin, reason) = await new NpmBinaries(Path.Combine(Repository.Root, ".bubblesync", folder), account, version).InstallAsync(cancellationToken);
        if (bin is not null)
            (var binaries, reason) = await ServerBinaries.ProbeAsync(bin, account, cancellationToken);
        return reason.Length == 0 ? new(bin, "") : Missing(major, reason);
    }

    private static NpmPostgres Missing(int major, string reason) => new(null, Invariant($"PostgreSQL {major} cannot be taken from npm: {reason}"));
}

/// <summary>A fact that needs PostgreSQL 18 from npm, and where <c>pooled</c> PgBouncer too.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NpmPostgresFactAttribute : FactAttribute
{
    public NpmPostgresFactAttribute(bool pooled = false) => Skip = Missing(pooled, NpmBinaries.Major);

    internal static string? Missing(bool pooled, params int[] majors) =>
        pooled && PgBouncerProgram.Here.Path is null ? PgBouncerProgram.Here.Reason
        : majors.Select(NpmPostgres.Of).FirstOrDefault(p => p.BinFolder is null)?.Reason;
}

/// <summary>A theory that needs these major versions of PostgreSQL from npm; 18 where none is named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NpmPostgresTheoryAttribute : TheoryAttribute
{
    public NpmPostgresTheoryAttribute(params int[] majors) => Skip = NpmPostgresFactAttribute.Missing(false, majors.Length > 0 ? majors : [NpmBinaries.Major]);
}
