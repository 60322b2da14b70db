using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>What a connection string leaves out comes from the variables and files of libpq.</summary>
public sealed class LibpqDefaultsTests
{
    [Fact]
    public void Without_an_address_the_setting_is_not_set()
    {
        var failure = Assert.Throws<SyncException>(() => Parse(""));

        Assert.StartsWith("Postgres:ConnectionString: it is not set. Set it to", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsUsage);
    }

    [Fact]
    public void What_the_string_leaves_out_comes_from_the_variables_of_libpq()
    {
        var variables = new Dictionary<string, string>
        {
            ["PGHOST"] = "other",
            ["PGPORT"] = "5433",
            ["PGUSER"] = "me",
            ["PGPASSWORD"] = "x",
            ["PGDATABASE"] = "db",
            ["PGSSLMODE"] = "verify-ca",
            ["PGOPTIONS"] = "-c geqo=off",
            ["PGAPPNAME"] = "mine",
            ["PGCONNECT_TIMEOUT"] = "",
            ["PGCHANNELBINDING"] = "require",
        };

        var target = ConnectionKeywords.Parse("postgresql://h/?connect_timeout=3", variables.GetValueOrDefault);

        var k = target.Keywords;
        Assert.Equal(("h", 5433, "me", "x", "db"), (k.Host, k.Port, k.Username, k.Password, k.Database));
        Assert.Equal((SslMode.VerifyCA, "-c geqo=off", 3, ChannelBinding.Require), (k.SslMode, k.Options, k.Timeout, k.ChannelBinding));
        Assert.Empty(target.Notes);
    }

    [Theory]
    [InlineData("require", true, SslMode.VerifyCA)]
    [InlineData("verify-full", true, SslMode.VerifyFull)]
    [InlineData("no-verify", false, SslMode.Require)]
    [InlineData("prefer", false, SslMode.Prefer)]
    public void The_usual_file_of_authorities_is_used_as_libpq_uses_it(string mode, bool isUsed, SslMode expected)
    {
        var home = Directory.CreateTempSubdirectory("bubblesync-roots-").FullName;
        try
        {
            var file = Path.Combine(
                Directory.CreateDirectory(Path.Combine(home, OperatingSystem.IsWindows() ? "postgresql" : ".postgresql")).FullName, "root.crt");
            File.WriteAllText(file, "");

            var keywords = ConnectionKeywords.Parse($"host=h user=me sslmode={mode}", name => name is "HOME" or "APPDATA" ? home : null).Keywords;

            Assert.Equal((expected, isUsed ? file : null), (keywords.SslMode, keywords.RootCertificate));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public void A_fault_in_a_variable_names_the_variable()
    {
        var failure = Assert.Throws<SyncException>(() => ConnectionKeywords.Parse("host=h user=me", name => name == "PGSSLCRL" ? "/x" : null));

        var value = Assert.Throws<SyncException>(() => ConnectionKeywords.Parse("host=h user=me", name => name == "PGSSLMODE" ? "always" : null));

        Assert.Contains("'sslcrl' (the variable PGSSLCRL) cannot be used", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the value of sslmode (the variable PGSSLMODE) is not one that it takes", value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_fills_what_the_string_leaves_out_and_goes_before_the_variables()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-service-").FullName;
        try
        {
            const string Services = "[other]\nhost=wrong\n# ours\n[mirror]\nhost=h\nport=5433\nuser=me\ndbname=service\nsslmode=require\n[last]\nhost=wrong\n";
            File.WriteAllText(Path.Combine(folder, ".pg_service.conf"), Services);
            var variables = new Dictionary<string, string> { ["HOME"] = folder, ["PGDATABASE"] = "variable", ["PGPASSWORD"] = "x" };

            var named = ConnectionKeywords.Parse("service=mirror user=you", variables.GetValueOrDefault).Keywords;
            variables["PGSERVICE"] = "mirror";
            var byVariable = ConnectionKeywords.Parse("postgresql://you@/", variables.GetValueOrDefault).Keywords;
            var unknown = Assert.Throws<SyncException>(() => ConnectionKeywords.Parse("service=Other", variables.GetValueOrDefault));

            Assert.Equal(("h", 5433, "you", "x"), (named.Host, named.Port, named.Username, named.Password));
            Assert.Equal(("service", SslMode.Require), (named.Database, named.SslMode));
            Assert.Equal(named.ConnectionString, byVariable.ConnectionString);
            Assert.Contains("the service that it names is in no service file", unknown.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("host\n", "line 2 of the service file is not word=value")]
    [InlineData("hots=h\n", "line 2 of the service file has a word that is not known, 'hots'")]
    [InlineData("service=b\n", "line 2 of the service file names another service")]
    [InlineData("ldap://h/x=y\n", "line 2 of the service file is not word=value")]
    public void A_fault_in_a_service_file_names_the_line(string line, string why)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"[a]\n{line}");

            var failure = Assert.Throws<SyncException>(() => ConnectionKeywords.Parse("service=a", name => name == "PGSERVICEFILE" ? file : null));

            Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static ConnectionTarget Parse(string text) => ConnectionKeywords.Parse(text, _ => null);
}
