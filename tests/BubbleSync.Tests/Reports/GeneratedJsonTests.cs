using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary>The code that is generated for JSON writes the same bytes as a look-up of members at run time, which a native program cannot do.</summary>
public sealed class GeneratedJsonTests
{
    private static readonly JsonSerializerOptions ByReflection = new(ReportJson.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private static readonly IReadOnlyDictionary<string, Type> Registered = typeof(ReportTypes).GetCustomAttributesData()
        .Where(a => a.AttributeType == typeof(JsonSerializableAttribute)).Select(a => (Type)a.ConstructorArguments[0].Value!)
        .Where(t => t != typeof(JsonObject))
        .ToDictionary(t => t.ToString(), t => IsStream(t) ? t.GetGenericArguments()[0] : t);

    public static TheoryData<string> Names => [.. Registered.Keys];

    public static TheoryData<string> Results =>
        [.. typeof(SyncEngine).Assembly.GetExportedTypes().Where(t => t.GetMethod("ToJson") is not null).Select(t => t.FullName!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_with_everything_set_and_one_with_nothing_set_are_written_as_ever(string name)
    {
        foreach (var isFull in new[] { true, false })
        {
            var value = SampleValue.Of(Registered[name], isFull);

            Assert.Equal(
                JsonSerializer.Serialize(value, Registered[name], ByReflection),
                JsonSerializer.Serialize(value, ReportJson.Options.GetTypeInfo(Registered[name])));
        }
    }

    [Theory]
    [MemberData(nameof(Results))]
    public void Every_result_is_registered(string type) => Assert.Contains(type, Registered.Keys);

    [Fact]
    public async Task A_list_that_comes_bit_by_bit_is_written_as_ever()
    {
        var line = (ActivityLine)SampleValue.Of(typeof(ActivityLine), isFull: true);
        using var output = new MemoryStream();

        await ReportJson.WriteAsync(output, new[] { line, line }.ToAsyncEnumerable(), CancellationToken.None);

        Assert.Equal(JsonSerializer.SerializeToUtf8Bytes(new[] { line, line }, ByReflection), output.ToArray());
    }

    [Fact]
    public void What_is_no_result_is_refused() => Assert.Throws<NotSupportedException>(() => ReportJson.Write(new Uri("http://localhost")));

    [Fact]
    public void Options_that_were_written_without_a_member_have_its_default_and_keep_what_they_have()
    {
        var read = ReportJson.Read("""{ "Force": true, "prune": "soft", "maxRejects": null }""", new ResyncOptions { PruneLimitPercent = 7 });

        Assert.Equal((true, PruneMode.Soft, 7m, null), (read.Force, read.Prune, read.PruneLimitPercent, read.MaxRejects));
    }

    [Fact]
    public void A_result_without_a_required_member_is_refused() =>
        Assert.Throws<JsonException>(() => RunReport.Parse("""{ "runId": null, "kind": "resync", "startedAt": "2026-01-01T00:00:00Z" }"""));

    [Theory]
    [InlineData("Amount")]
    [InlineData("é 文 <a>&+'\"\\/\n\u2028 😀")]
    public void A_text_in_a_map_is_written_as_ever(string text)
    {
        var readable = new JsonSerializerOptions { Encoder = ReportJson.Options.Encoder };

        Assert.Equal(JsonSerializer.Serialize(text, readable), JsonText.Of(text));
        Assert.Equal(JsonSerializer.Serialize(new[] { text, "b" }, readable), JsonText.Of([text, "b"]));
    }

    private static bool IsStream(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);
}
