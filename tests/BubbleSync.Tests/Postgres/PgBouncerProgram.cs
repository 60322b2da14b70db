using System.Diagnostics;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Finds PgBouncer on this machine, or gets it from Debian's archive.</summary>
internal sealed record PgBouncerProgram(string? Path, string? Libraries, string Reason)
{
    private const string Name = "pgbouncer";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private static readonly string[] UsualFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
    private static readonly Lazy<PgBouncerProgram> Found = new(Find);

    /// <summary>The program, or the reason why there is none.</summary>
    public static PgBouncerProgram Here => Found.Value;

    private static PgBouncerProgram Find()
    {
        if (Installed() is { } installed)
            return new(installed, null, "");
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get"))
            return new(null, null, "PgBouncer is not installed, and there is no apt-get to get it with.");

        if (Environment.IsPrivilegedProcess)
        {
            var answer = Run("apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends pgbouncer");
            if (Installed() is { } added)
                return new(added, null, "");
            return new(null, null, $"PgBouncer is not installed, and apt-get cannot install it: {answer}");
        }

        return Unpacked();
    }

    // Without the right to install it, the package and its libraries are unpacked beside the tests.
    private static PgBouncerProgram Unpacked()
    {
        var folder = System.IO.Path.Combine(Repository.Root, ".bubblesync", Name);
        Directory.CreateDirectory(folder);
        const string Get =
            """
            test -x usr/sbin/pgbouncer || {
              apt-get -qq download pgbouncer $(apt-cache depends pgbouncer | sed -n 's/.*Depends: \(lib[a-z0-9.-]*\)$/\1/p') &&
              for package in *.deb; do dpkg -x "$package" .; done
            }
            """;
        var answer = Run($"cd '{folder}' && {Get}");
        var program = System.IO.Path.Combine(folder, "usr", "sbin", Name);
        if (!File.Exists(program))
            return new(null, null, $"PgBouncer is not installed, and apt-get cannot download it: {answer}");

        var libraries = Directory.EnumerateFiles(folder, "lib*.so*", SearchOption.AllDirectories).Select(System.IO.Path.GetDirectoryName).Distinct();
        return new(program, string.Join(':', libraries), "");
    }

    private static string? Installed() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator).Concat(UsualFolders)
            .Select(folder => System.IO.Path.Combine(folder, Name)).FirstOrDefault(File.Exists);

    // Tests are found by code that cannot wait asynchronously.
    private static string Run(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"({script}) 2>&1 | tail -n 1"]) { RedirectStandardOutput = true })!;
        using var limit = new CancellationTokenSource(Longest);
        using var end = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var answer = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return answer;
    }
}

/// <summary>A fact that needs PgBouncer.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PgBouncerFactAttribute : FactAttribute
{
    public PgBouncerFactAttribute() => Skip = PgBouncerProgram.Here.Path is null ? PgBouncerProgram.Here.Reason : null;
}

/// <summary>A theory that needs PgBouncer.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PgBouncerTheoryAttribute : TheoryAttribute
{
    public PgBouncerTheoryAttribute() => Skip = PgBouncerProgram.Here.Path is null ? PgBouncerProgram.Here.Reason : null;
}
