using System.Globalization;
using System.Net;
using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Settings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>The token is in no message, however an answer spells it.</summary>
public sealed class RedactionTests
{
    private const string Token = ScriptedBubble.Token;

    private static readonly FsCheck.Config Often = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(1000);

    // Two backslashes in a row are left out: behind a third that begins an escape, they can be read in two ways.
    private static readonly Gen<(string Token, string Echo)> Echoes =
        from letters in Gen.Choose('!', '~')
            .Select(c => (char)c).ListOf().Where(l => l.Count > 7 && !string.Concat(l).Contains(@"\\", StringComparison.Ordinal))
        from ways in Gen.Choose(0, 12).ArrayOf(letters.Count)
        select (new string([.. letters]), string.Concat(letters.Zip(ways, Spelled)));

    public static TheoryData<string> Escaped =>
    [
        Token, Token.ToUpperInvariant(), string.Concat(Token.Select(c => Spelled(c, 1))),
        string.Concat(Token.Select(c => Spelled(c, 3))), string.Concat(Token.Select(c => Spelled(c, 6))),
    ];

    [Fact]
    public void A_token_is_hidden_in_every_spelling() => Check.One(Often, Prop.ForAll(Echoes.ToArbitrary(), sample =>
        Assert.Equal("before *** behind", new Redaction(sample.Token).Hide($"before {sample.Echo} behind"))));

    [Theory]
    [InlineData(@"secret\x", @"secret\\x78")]
    [InlineData(@"secret\x", @"secret\\\x")]
    [InlineData(@"secret\u", @"secret\\u0075")]
    [InlineData(@"secret\", @"secret\\")]
    public void No_rest_of_an_escape_is_left_behind_a_backslash(string token, string echo) =>
        Assert.Equal("before *** behind", new Redaction(token).Hide($"before {echo} behind"));

    [Fact]
    public void A_token_that_is_split_by_characters_that_PostgreSQL_does_not_store_is_hidden() =>
        Assert.Equal("before *** behind", new Redaction(Token).Hide($"before {Token[..4]}\0{Token[4..]}\0 behind"));

    [Theory]
    [InlineData("s3cret", "Bubble says s3cret")]
    [InlineData("s3cret-word", "Bubble says ***")]
    public void Only_a_token_that_is_no_word_of_ours_is_searched_in_our_own_messages(string token, string message) =>
        Assert.Equal(message, new Redaction(token).HideInMessage($"Bubble says {token}"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_token_nothing_is_hidden(string? token) => Assert.Equal("Bubble says no", new Redaction(token).Hide("Bubble says no"));

    [Fact]
    public void A_text_is_one_line_of_at_most_200_characters()
    {
        var redaction = new Redaction(Token);

        Assert.Equal("a b *** c", redaction.Clean($" a\r\n\tb   {Token} c\n"));
        Assert.Equal(new string('x', 200), redaction.Clean(new string('x', 200)));
        Assert.Equal(new string('x', 200) + "…", redaction.Clean(new string('x', 201)));
        Assert.Equal(new string('x', 199) + "…", redaction.Clean(new string('x', 199) + "😀"));
    }

    [Fact]
    public void A_cause_is_kept_unless_it_or_what_lies_below_it_quotes_the_token()
    {
        var redaction = new Redaction(Token);
        var harmless = new InvalidDataException("broken");

        Assert.Same(harmless, redaction.Hide(harmless));
        Assert.Equal("Bearer ***", redaction.Hide(new InvalidDataException("broken", new IOException($"Bearer {Token}")))!.Message);
    }

    [Theory]
    [MemberData(nameof(Escaped))]
    public async Task No_error_and_no_log_line_has_the_token_of_an_answer(string echo)
    {
        var json = $$$"""{"body":{"status":"ERROR","message":{{{Quoted($"Wrong: Bearer {echo}")}}}}}""";
        Func<HttpResponseMessage>[] answers =
        [
            () => Answer(400, json), () => Answer(400, $"<p>Bearer {echo}</p>"), () => Answer(404, json), () => Answer(404, $"Bearer {echo}"),
            () => Answer(500, json), () => Answer(503, $"Bearer {echo}"), () => Answer(401, json), () => Answer(200, $"Bearer {echo}"),
            () => Answer(200, CutWithin(echo)), () => Answer(400, CutWithin(echo)), () => Answer(200, json),
            () => Moved($"https://{echo}.example.com/{echo}?t={echo}"), () => Moved($"https://u:{echo}@example.com/"), () => Moved($"/login?t={echo}"),
            () => Typed(echo),
        ];
        foreach (var answer in answers)
        {
            using var bubble = ScriptedBubble.Of(new BubbleSettings { MaxAttempts = 2, PatienceSeconds = 0 }, _ => answer());

            var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

            var told = $"{failure}\n{string.Join('\n', failure.Errors)}\n{string.Join('\n', bubble.Log.Lines.Select(l => l.Text))}";
            Assert.DoesNotContain(Token, told, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(echo, told, StringComparison.OrdinalIgnoreCase);
            // Nor a part of it.
            Assert.DoesNotContain(Token[..12], told, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("<p>Bearer s3cret</p>")]
    [InlineData("{\"message\": \"Wrong: s3cret\"}")]
    [InlineData("{\"body\": {\"message\": \"Wrong: s3cret\"}}")]
    public async Task A_token_so_short_that_it_could_be_a_word_is_hidden_in_what_the_server_said(string body)
    {
        using var bubble = ScriptedBubble.Of(new BubbleSettings { ApiToken = "s3cret", MaxAttempts = 1, PatienceSeconds = 0 }, _ => Answer(400, body));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);
        Assert.Contains("***", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_of_the_connection_that_quotes_the_token_is_not_kept()
    {
        using var bubble = ScriptedBubble.Of(
            new BubbleSettings { MaxAttempts = 1, PatienceSeconds = 0 }, _ => throw new HttpRequestException($"Received an invalid header: 'x {Token}'"));

        var failure = await Assert.ThrowsAsync<SyncException>(() => bubble.SearchAsync());

        Assert.DoesNotContain(Token, failure.ToString(), StringComparison.Ordinal);
        Assert.Contains("Received an invalid header: 'x ***'", failure.Message, StringComparison.Ordinal);
    }

    // A page of which messages take 16 KB: that ends within the token. White space before a page's first letter does not count, and all other is shortened.
    private static string CutWithin(string echo) => $"no{new string(' ', (16 * 1024) - 2 - 16)}{echo}";

    private static string Spelled(char letter, int way)
    {
        var code = (int)letter;
        return string.Create(CultureInfo.InvariantCulture, $"{way switch
        {
            1 => $"%{code:X2}",
            2 => $"%25{code:x2}",
            3 => $"\\u{code:x4}",
            4 => $"\\\\u{code:X4}",
            5 => $"&#{code};",
            6 => $"&#x{code:x};",
            7 => $"&amp;#{code};",
            8 => $"\\x{code:X2}",
            9 => $"\\{letter}",
            10 => WebUtility.HtmlEncode(letter.ToString()),
            11 => Uri.EscapeDataString(letter.ToString()),
            _ => letter.ToString(),
        }}");
    }

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static HttpResponseMessage Answer(int status, string body) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, body.StartsWith('{') ? "application/json" : "text/html") };

    private static HttpResponseMessage Moved(string location)
    {
        var answer = Answer(302, "");
        answer.Headers.TryAddWithoutValidation("Location", location);
        return answer;
    }

    private static HttpResponseMessage Typed(string echo)
    {
        var answer = Answer(400, "[]");
        answer.Content.Headers.Remove("Content-Type");
        answer.Content.Headers.TryAddWithoutValidation("Content-Type", $"text/{echo}");
        return answer;
    }
}
