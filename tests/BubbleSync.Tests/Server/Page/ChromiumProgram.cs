using System.Diagnostics;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>Finds Chromium on this machine, or installs Debian's. No browser is downloaded from elsewhere.</summary>
internal sealed record ChromiumProgram(string? Path, string Reason)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);
    private static readonly string[] UsualPlaces =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    private static readonly Lazy<ChromiumProgram> Found = new(Find);

    /// <summary>The program, or the reason why there is none.</summary>
    public static ChromiumProgram Here => Found.Value;

    private static ChromiumProgram Find()
    {
        if (Installed() is { } installed)
            return new(installed, "");
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get") || !Environment.IsPrivilegedProcess)
            return new(null, "Chromium is not installed, and without apt-get and its rights the tests cannot install it.");

        var answer = Run("apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium");
        return Installed() is { } added ? new(added, "") : new(null, $"Chromium is not installed, and apt-get cannot install it: {answer}");
    }

    private static string? Installed() => UsualPlaces.FirstOrDefault(File.Exists);

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

/// <summary>A fact that needs Chromium.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = ChromiumProgram.Here.Path is null ? ChromiumProgram.Here.Reason : null;
}
