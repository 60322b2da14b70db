using System.Globalization;
using BubbleSync.EmbeddedPostgres;

namespace BubbleSync.Tests;

/// <summary>
/// Processes for tests. <c>dotnet BubbleSync.Tests.dll own-postgres FOLDER</c> is one to kill: it starts or joins the server of a folder, says its
/// process id and ends when its input does. The test host does not come through here.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] words)
    {
        if (words is not ["own-postgres", var folder])
            return 2;

        var options = new EmbeddedPostgresOptions { Folder = folder, Settings = new Dictionary<string, string> { ["fsync"] = "off" } };
        await using var server = await EmbeddedPostgresServer.StartAsync(options, CancellationToken.None);
        await Console.Out.WriteLineAsync(server.ProcessId.ToString(CultureInfo.InvariantCulture));
        await Console.In.ReadLineAsync();
        return 0;
    }
}
