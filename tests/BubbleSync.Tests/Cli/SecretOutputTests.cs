using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>A password on the command line or in the environment is in no output of the program.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class SecretOutputTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Secret = "TopSecret99";

    [Theory]
    [InlineData("host=127.0.0.1 port=9 password=TopSecret99")]
    [InlineData("Host=127.0.0.1;Port=9;Username=me:TopSecret99;Password=TopSecret99")]
    [InlineData("postgres://me:12/TopSecret99@127.0.0.1:9/db")]
    [InlineData("psql postgres://me:TopSecret99@127.0.0.1:9/db")]
    [InlineData("Host=127.0.0.1;Port=9;Password=a;TopSecret99=x")]
    [InlineData("Host=127.0.0.1;Port=9;Root Certificate=/nowhere/TopSecret99;SSL Mode=VerifyFull")]
    [InlineData("Host=127.0.0.1,127.0.0.1:TopSecret99;Port=9;Password=TopSecret99")]
    public async Task A_connection_string_is_quoted_by_no_command(string connection)
    {
        (string, string?)[] environment =
        [
            ("BUBBLESYNC_Postgres__ConnectionString", connection), ("BUBBLESYNC_Bubble__BaseUrl", "http://127.0.0.1:9/api/1.1"),
            ("BUBBLESYNC_Bubble__ApiToken", "x"),
        ];
        string[][] commands =
        [
            ["doctor", "--connection", connection],
            ["doctor", "--output", "json", "--verbose"],
            ["resync", "--log", "json", "--verbose", "--output", "json"],
            ["runs", "list", "--log", "text", "--verbose"],
        ];

        foreach (var words in commands)
        {
            var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), words, environment);

            Assert.InRange(outcome.Code, 1, 3);
            Assert.DoesNotContain(Secret, outcome.All, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("resync --connection host=127.0.0.1 port=9 password=TopSecret99")]
    [InlineData("resync --connection password=a TopSecret99 host=127.0.0.1")]
    [InlineData("postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --connectoin postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --connectoin=postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --config postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --schema host=127.0.0.1;password=TopSecret99")]
    [InlineData("resync --entity postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --prune postgres://me:TopSecret99@127.0.0.1/db")]
    [InlineData("resync --base-url https://me:TopSecret99@127.0.0.1/api/1.1")]
    [InlineData("sync invoice password=TopSecret99")]
    public async Task A_connection_string_in_a_wrong_place_is_refused_without_its_words(string words)
    {
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), words.Split(' '));

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, outcome.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Neither_password_nor_token_is_in_a_control_table_or_a_log()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = $"role_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync($"create role {role} superuser login password '{Secret}'");
        var keywords = new NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = Secret, PersistSecurityInfo = true };
        var connection = keywords.ConnectionString;
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"twelve\""));

        var run = await Bubblesync.RunAsync(
            fixture, "resync", "--entity", "agent", "--connection", connection, "--log", "json", "--verbose", "--output", "json");
        var doctor = await Bubblesync.RunAsync(fixture, "doctor", "--connection", connection);

        Assert.Equal(1, run.Code);
        var tables = new List<string>();
        foreach (var table in await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync'"))
            tables.AddRange(await fixture.RowsAsync($"select t::text from bubblesync.\"{table}\" t"));
        Assert.All([run.All, doctor.All, .. tables], text =>
        {
            Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(fixture.Settings.Bubble.ApiToken!, text, StringComparison.Ordinal);
        });
        await fixture.ExecuteAsync($"drop owned by {role}; drop role {role}");
    }

    [Fact]
    public void Settings_as_text_name_no_secret()
    {
        var settings = new SyncSettings
        {
            Bubble = new BubbleSettings { ApiToken = Secret },
            Postgres = new PostgresSettings { ConnectionString = $"Host=h;Password={Secret}" },
        };

        Assert.DoesNotContain(Secret, $"{settings}", StringComparison.Ordinal);
    }
}
