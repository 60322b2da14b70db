using System.Buffers;
using System.Net.Http.Headers;

namespace BubbleSync.Skeleton;

/// <summary>Asks for pages over connections that are kept, and gives their bytes in rented memory.</summary>
internal sealed class PageReader : IDisposable
{
    /// <summary>Requests in flight.</summary>
    public const int InFlight = 8;

    private const int UsualPage = 64 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = InFlight });
    private readonly string _root;
    private int _calls;

    public PageReader(string root, string token)
    {
        _root = root.TrimEnd('/');
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Requests sent.</summary>
    public int Calls => _calls;

    /// <summary>A page; to be returned to the shared pool.</summary>
    public async Task<ArraySegment<byte>> ReadAsync(string type, string query, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        using var answer = await _http.GetAsync(new Uri($"{_root}/obj/{type}?{query}"), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);

        var page = ArrayPool<byte>.Shared.Rent(UsualPage);
        var length = 0;
        while (await body.ReadAsync(page.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            if (length < page.Length)
                continue;

            var longer = ArrayPool<byte>.Shared.Rent(page.Length * 2);
            page.CopyTo(longer, 0);
            ArrayPool<byte>.Shared.Return(page);
            page = longer;
        }

        return new(page, 0, length);
    }

    public void Dispose() => _http.Dispose();
}
