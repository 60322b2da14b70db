using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Postgres.Failures;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Whatever stands where a connection string should, no message shows the password in it.</summary>
public sealed class ConnectionSecretProperties
{
    private const string Core = "TopSecret99";
    private const string Odd = "'\";=@:/?#%&\\<>,. 0159!$^*()[]{}|~`éß\t";

    private static readonly FsCheck.Config Often = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3000);

    // {0} is the password as it is, {1} as addresses escape it, {2} within apostrophes, {3} within quotation marks.
    private static readonly string[] Forms =
    [
        "postgres://me:{0}@127.0.0.1:9/db", "postgresql://me:{1}@127.0.0.1:9/db?sslmode=disable", " POSTGRES://me:{1}@127.0.0.1:9/db",
        "postgres://me:{1}@127.0.0.1:9/db#{0}", "postgres://127.0.0.1:9/me:{0}", "postgres://127.0.0.1:9/db?user=me&password={0}",
        "postgres://127.0.0.1:9/db?sslmode={0}", "postgres://me:{0}@", "postgres:///me:{0}@127.0.0.1/db", "postgres:/me:{0}@127.0.0.1/db",
        "//me:{0}@127.0.0.1/db", "postgres://me:12/{0}@127.0.0.1:9/db", "postgres://me:12?{0}@127.0.0.1:9/db", "postgres://me:12#{0}@127.0.0.1:9/db",
        "mysql://me:{1}@127.0.0.1/db", "jdbc:postgresql://127.0.0.1:9/db?user=me&password={0}", "psql postgres://me:{1}@127.0.0.1:9/db",
        "psql \"postgres://me:{0}@127.0.0.1:9/db?sslmode=disable\"", "DATABASE_URL=postgres://me:{1}@127.0.0.1:9/db",
        "export DATABASE_URL='postgres://me:{0}@127.0.0.1:9/db'", "\"postgres://me:{1}@127.0.0.1:9/db\"",
        "Host=127.0.0.1;Port=9;Username=me;Password={0};Database=db", "Host=127.0.0.1;Port=9;Username=me;Password={2};Database=db",
        "Server=127.0.0.1;Port=9;Pwd={3};Database=db", "Password=a://{0};Host=127.0.0.1;Port=9", "Host=127.0.0.1;Port=9;Password={2}{0}",
        "Host=127.0.0.1;Port=9;Password='{0}", "Host=127.0.0.1;{0}", "Host=127.0.0.1;{0}=x", "Host=127.0.0.1;Port={0}", "Host=127.0.0.1:{0}",
        "Host=me:{0}@127.0.0.1", "Host=postgres://me:{0}@127.0.0.1", "Host=127.0.0.1;Username=me:{0};Port=9", "Host=127.0.0.1;Database=db password={0}",
        "Host=127.0.0.1;Username=me password={0}", "Host=127.0.0.1;SSL Mode=Disable password={0}", "Host=127.0.0.1;Timezone=UTC pwd = {0}",
        "host=127.0.0.1 port=9 user=me password={0} dbname=db", "host=127.0.0.1 port=9 password='{0}'", "password={0} host=127.0.0.1 port=9",
        "user=me password={0} host=127.0.0.1", "Password={0}", "{0}", "host=127.0.0.1 {0}=x", "host=127.0.0.1 sslmode={0} dbname=db", "{0}=x host=127.0.0.1",
        "service={0}", "host=127.0.0.1 service={0}", "PGPASSWORD={0} psql -h 127.0.0.1 -U me db", "postgresql+asyncpg://me:{1}@127.0.0.1/db",
        "postgres://me:{0}@127.0.0.1:9,127.0.0.2:9/db", "postgres://me@127.0.0.1:{0}/db",
        "postgres://me:x@127.0.0.1/db?sslrootcert=/no/{0}", "postgres://me:x@127.0.0.1/db?schema={0}&pgbouncer={0}", "host=127.0.0.1 hostaddr={0} dbname=db",
    ];

    private static readonly Gen<string> Texts =
        from form in Gen.Elements(Forms)
        from before in Gen.Elements(Odd.ToCharArray()).ArrayOf().Select(letters => new string(letters))
        from after in Gen.Elements(Odd.ToCharArray()).ArrayOf().Select(letters => new string(letters))
        from plain in Gen.Frequency((1, Gen.Constant(true)), (3, Gen.Constant(false)))
        let secret = plain ? Core : $"{before}{Core}{after}"
        select Written(form, secret);

    [Fact]
    public void No_message_shows_a_password_however_the_connection_string_is_written() =>
        Check.One(Often, Prop.ForAll(Texts.ToArbitrary(), text => Assert.DoesNotContain(Core, Shown(text), StringComparison.OrdinalIgnoreCase)));

    // What messages have of a connection: the fault, or the target that every report names.
    private static string Shown(string text)
    {
        try
        {
            var target = ConnectionKeywords.Parse(text, _ => null);
            var keywords = target.Keywords;
            var server = $"password authentication failed for user \"{keywords.Username}\", database \"{keywords.Database}\"";
            return $"{target.Name} {ConnectionFault.Hide(keywords, server)} {string.Join(' ', target.Notes)}";
        }
        catch (SyncException failure)
        {
            return failure + string.Join('\n', failure.Errors);
        }
    }

    private static string Written(string form, string secret) => form
        .Replace("{1}", Uri.EscapeDataString(secret), StringComparison.Ordinal)
        .Replace("{2}", $"'{secret.Replace("'", "''", StringComparison.Ordinal)}'", StringComparison.Ordinal)
        .Replace("{3}", $"\"{secret.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", StringComparison.Ordinal)
        .Replace("{0}", secret, StringComparison.Ordinal);
}
