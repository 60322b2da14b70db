using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary><c>bubblesync simulate</c> as a process of its own.</summary>
internal sealed class SimulatedApp : IAsyncDisposable
{
    private const double RecordsPerInvoice = 7.89;
    private const int WritesInFlight = 8;

    private readonly Process _process;
    private readonly HttpClient _http = new();

    private SimulatedApp(Process process, string baseUrl, string token)
    {
        (_process, BaseUrl, Token) = (process, baseUrl, token);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string BaseUrl { get; }

    public string Token { get; }

    /// <summary>How programs are told where it is.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        new Dictionary<string, string> { ["BUBBLESYNC_Bubble__BaseUrl"] = BaseUrl, ["BUBBLESYNC_Bubble__ApiToken"] = Token };

    /// <summary>Processor seconds so far.</summary>
    public double? Cpu => ProcessTimes.Of(_process.Id)?.Own;

    /// <summary>Starts it with about so many records.</summary>
    public static async Task<SimulatedApp> StartAsync(string program, int records)
    {
        var invoices = Math.Max(1, (int)Math.Round(records / RecordsPerInvoice));
        string[] words = ["simulate", "--invoices", $"{invoices}", "--output", "json"];
        var process = MeasuredProcess.Start(program, words, new Dictionary<string, string>());
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The simulator ended.");
        using var place = JsonDocument.Parse(line);
        return new(process, place.RootElement.GetProperty("baseUrl").GetString()!, place.RootElement.GetProperty("apiToken").GetString()!);
    }

    /// <summary>Sets a field of each of these records, by the write API.</summary>
    public Task ChangeAsync(string type, string field, IEnumerable<string> ids) =>
        Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = WritesInFlight }, async (id, token) =>
        {
            using var answer = await _http.PatchAsync(
                new Uri($"{BaseUrl}/obj/{type.ToLowerInvariant()}/{id}"), JsonContent.Create(
                    new Dictionary<string, string> { [field] = $"changed {id}" }), token);
            answer.EnsureSuccessStatusCode();
        });

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
