using System.Collections;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>CONTRACT 2: the address and the token of the source are right before anything is asked, or they are refused by name.</summary>
public sealed class BubbleSettingsTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    [Theory]
    [InlineData("https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/api/1.1/")]
    [InlineData("  https://app.example.com/version-test/api/1.1  ")]
    [InlineData("https://app.example.com:8443/api/1.1")]
    [InlineData("http://localhost:5000/api/1.1")]
    [InlineData("http://127.0.0.1:5000/api/1.1")]
    [InlineData("http://[::1]:5000/api/1.1")]
    public void A_root_of_the_API_is_taken(string address) =>
        Assert.Equal(address.Trim().TrimEnd('/') + "/", Read(("BaseUrl", address)).BaseUrl!.AbsoluteUri);

    [Theory]
    [InlineData("https://app.example.com", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/version-test", "https://app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/version-test/api/1.1/obj", "https://app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/version-test/api/1.1/obj/invoice", "https://app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/api/1.1/meta", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/api/1.1/wf/", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/api", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/API/1.1", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/obj", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/version-test/api/1.1?api_token=hush", "https://app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/version-test?debug_mode=true", "https://app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/api/1.1#top", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/api/1.1/?", "https://app.example.com/api/1.1")]
    [InlineData("https://app.example.com/api/1.1#", "https://app.example.com/api/1.1")]
    public void Another_address_is_refused_with_the_one_that_was_meant(string address, string meant)
    {
        var refused = Refused(("BaseUrl", address));

        Assert.StartsWith("Bubble:BaseUrl (from environment variable BUBBLESYNC_Bubble__BaseUrl): ", refused, StringComparison.Ordinal);
        Assert.EndsWith($"Did you mean {meant}?", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app.example.com/api/1.1", "https://app.example.com/api/1.1")]
    [InlineData(" app.example.com/version-test/api/1.1/ ", "https://app.example.com/version-test/api/1.1")]
    [InlineData("app.example.com:8443/api/1.1", "https://app.example.com:8443/api/1.1")]
    [InlineData("localhost:5000/api/1.1", "http://localhost:5000/api/1.1")]
    public void An_address_without_its_scheme_is_refused_with_the_one_that_was_meant(string address, string meant) =>
        Assert.EndsWith($"in front is missing. Did you mean {meant}?", Refused(("BaseUrl", address)), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://bubble.io/page?id=myapp")]
    [InlineData("https://bubble.io/page?type=page&name=index&id=myapp&tab=tabs-1")]
    public void An_address_of_the_editor_is_refused_with_those_of_the_app(string address) =>
        Assert.EndsWith(
            "Did you mean https://myapp.bubbleapps.io/api/1.1 (live) or https://myapp.bubbleapps.io/version-test/api/1.1 (development)?",
            Refused(("BaseUrl", address)), StringComparison.Ordinal);

    [Theory]
    [InlineData("ey4.hush.hush")]
    [InlineData("hush/with/slashes")]
    [InlineData("user:hush@app.example.com/api/1.1")]
    [InlineData("ftp://app.example.com/api/1.1")]
    [InlineData("https://user:hush@app.example.com/api/1.1")]
    public void What_is_no_web_address_is_refused_and_not_shown(string address)
    {
        var refused = Refused(("BaseUrl", address));

        Assert.Contains("an http(s) address up to and including /api/1.1 is expected, such as https://", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_http_to_another_machine_is_refused_unless_it_is_allowed()
    {
        var refused = Refused(("BaseUrl", "http://app.example.com/api/1.1"));
        var allowed = Read(("BaseUrl", "http://app.example.com/api/1.1"), ("AllowHttp", "true"));

        Assert.EndsWith(
            "plain http:// shows the token to everyone on the way. Use https://app.example.com, or set Bubble:AllowHttp to true.",
            refused, StringComparison.Ordinal);
        Assert.Equal("http://app.example.com/api/1.1/", allowed.BaseUrl!.AbsoluteUri);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("  secret\t")]
    [InlineData("secret\r\n")]
    public void White_space_at_the_ends_of_a_token_is_cut(string token)
    {
        Assert.Equal("secret", Read(("ApiToken", token)).ApiToken);
        Assert.Equal("secret", new BubbleSettings { ApiToken = token }.ApiToken);
    }

    [Theory]
    [InlineData("\"hush\"", "quotation marks")]
    [InlineData("'hush'", "quotation marks")]
    [InlineData("hush\"", "quotation marks")]
    [InlineData("Bearer hush", "begins with 'Bearer'")]
    [InlineData("bearer  hush", "begins with 'Bearer'")]
    [InlineData("hush hush", "no blanks")]
    [InlineData("hüsh", "ASCII")]
    public void A_token_with_something_around_it_is_refused_and_not_shown(string token, string told)
    {
        var refused = Refused(("ApiToken", token));

        Assert.StartsWith("Bubble:ApiToken (from environment variable BUBBLESYNC_Bubble__ApiToken): ", refused, StringComparison.Ordinal);
        Assert.Contains(told, refused, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_from_a_file_is_taken_without_white_space_and_a_file_of_no_use_is_named()
    {
        var good = _folder.Write("token.txt", "\uFEFFsecret\r\n");

        Assert.Equal("secret", TokenFile.Resolve(Read(("ApiTokenFile", "token.txt"))).ApiToken);
        Assert.Equal("secret", TokenFile.Resolve(new BubbleSettings { ApiTokenFile = good }).ApiToken);
        Assert.EndsWith("token.txt' is empty. Write the token into it, and nothing else.", RefusedFile(""), StringComparison.Ordinal);
        Assert.Contains("the token begins with 'Bearer'", RefusedFile("Bearer hush"), StringComparison.Ordinal);
        Assert.EndsWith("is larger than 16 KB, so it is not the file of a token.", RefusedFile(new string('x', 20_000)), StringComparison.Ordinal);
        Assert.Contains("there is no file '", Refused(("ApiTokenFile", "none.txt")), StringComparison.Ordinal);
        Assert.Contains("Bubble:ApiToken is set too. Set one of them", Refused(("ApiTokenFile", "token.txt"), ("ApiToken", "a")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("1")]
    public void What_is_neither_true_nor_false_is_refused(string text) =>
        Assert.EndsWith("true or false is expected.", Refused(("Anonymous", text)), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private string Refused(params (string Name, string Value)[] settings) => Assert.Single(Assert.Throws<SyncException>(() => Read(settings)).Errors).Message;

    private string RefusedFile(string content)
    {
        _folder.Write("token.txt", content);
        return Refused(("ApiTokenFile", "token.txt"));
    }

    private BubbleSettings Read(params (string Name, string Value)[] settings)
    {
        var environment = new Hashtable(settings.ToDictionary(s => $"BUBBLESYNC_Bubble__{s.Name}", s => s.Value));
        return SettingsFile.Read(_folder.Write("settings.json", "{}"), new Dictionary<string, string>(), environment).Bubble;
    }
}
