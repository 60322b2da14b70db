using System.ComponentModel;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Postgres.Failures;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Connection strings as hosters, libpq and other clients write them; each is read, or refused by the name of what is wrong.</summary>
public sealed class ConnectionStringTests
{
    private static readonly NpgsqlConnectionStringBuilder Npgsql = [];

    [Fact]
    public async Task A_word_that_a_pooler_refuses_may_come_from_three_places()
    {
        var target = ConnectionKeywords.Parse("host=localhost dbname=d user=u", name => name == "PGOPTIONS" ? "-c geqo=off" : null);
        var refusal = new PostgresException("unsupported startup parameter: options", "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation);

        var explained = await ConnectionFailure.ExplainAsync(target, refusal, CancellationToken.None);

        Assert.Contains("(Postgres:ConnectionString, PGOPTIONS or the service file)", explained.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=h;Username=me;Password=a://b;Database=db", "h", 5432, "me", "a://b", "db")]
    [InlineData("postgresql://me:a%3A%2F%2Fb%40c@h:5433/db", "h", 5433, "me", "a://b@c", "db")]
    [InlineData(" POSTGRES://me:x@h/db ", "h", 5432, "me", "x", "db")]
    [InlineData("Host=h;Password='a;b= host=c';Username=me;Database=db", "h", 5432, "me", "a;b= host=c", "db")]
    [InlineData("Host=/run/postgresql;Username=me;Database=db", "/run/postgresql", 5432, "me", null, "db")]
    [InlineData("Host=::1;Username=me;Database=db", "::1", 5432, "me", null, "db")]
    [InlineData("postgres://me@[::1]:5433/db", "::1", 5433, "me", null, "db")]
    [InlineData("Host=a.example.com:5432,b-2:5433;Username=me;Database=db", "a.example.com:5432,b-2:5433", 5432, "me", null, "db")]
    [InlineData("postgres://me:x@a:5433,[::1]:5434,c/db", "a:5433,[::1]:5434,c:5432", 5432, "me", "x", "db")]
    [InlineData("host=a,b port=5433 user=me dbname=db", "a,b", 5433, "me", null, "db")]
    [InlineData("host=a,b port=5433,5434 user=me dbname=db", "a:5433,b:5434", 5432, "me", null, "db")]
    [InlineData("host=h port=5433 dbname=db user=me password=x", "h", 5433, "me", "x", "db")]
    [InlineData(@"host = h user='me' password = 'it\'s \\ a b=c;d' dbname=db", "h", 5432, "me", @"it's \ a b=c;d", "db")]
    [InlineData(@"host=h user=me password=a\ b;c=d dbname=db", "h", 5432, "me", "a b;c=d", "db")]
    [InlineData("host=h hostaddr=10.0.0.1 user=me dbname=db", "h", 5432, "me", null, "db")]
    [InlineData("hostaddr=10.0.0.1 user=me dbname=db", "10.0.0.1", 5432, "me", null, "db")]
    [InlineData("postgresql://me:x@/db?host=/cloudsql/project:europe-west1:instance", "/cloudsql/project:europe-west1:instance", 5432, "me", "x", "db")]
    [InlineData("postgresql://me:x@%2Fcloudsql%2Fproject%3Aregion%3Ainstance/db", "/cloudsql/project:region:instance", 5432, "me", "x", "db")]
    [InlineData("host=/cloudsql/example.com:p:region:instance user=me dbname=db", "/cloudsql/example.com:p:region:instance", 5432, "me", null, "db")]
    [InlineData("postgresql:///db?host=/var/run/postgresql&port=5433&user=me", "/var/run/postgresql", 5433, "me", null, "db")]
    public void Each_form_is_read(string text, string host, int port, string user, string? password, string database)
    {
        var keywords = Parse(text).Keywords;

        Assert.Equal(
            (host, port, user, password, database), (keywords.Host, keywords.Port, keywords.Username, keywords.Password, keywords.Database));
    }

    [Theory]
    [InlineData("postgresql://owner:npg_x@ep-cool-name-a1b2c3d4-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
        "Host=ep-cool-name-a1b2c3d4-pooler.eu-central-1.aws.neon.tech;Port=5432;Database=neondb;Username=owner;SSL Mode=Require;Channel Binding=Require")]
    [InlineData("host=h user=me dbname=db require_auth=scram-sha-256,md5", "Host=h;Username=me;Database=db;Require Auth=ScramSHA256,MD5")]
    [InlineData("postgresql://me:x@h/db?require_auth=!none", "Host=h;Port=5432;Database=db;Username=me;Require Auth=!None")]
    [InlineData("postgresql://owner:x@ep-a.aws.neon.tech/neondb?sslmode=require&options=endpoint%3Dep-a",
        "Host=ep-a.aws.neon.tech;Port=5432;Database=neondb;Username=owner;SSL Mode=Require;Options=endpoint=ep-a")]
    [InlineData("postgresql://postgres.abcdefghij:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        "Host=aws-0-eu-central-1.pooler.supabase.com;Port=6543;Database=postgres;Username=postgres.abcdefghij")]
    [InlineData("postgresql://postgres.abcdefghij:x@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
        "Host=aws-0-eu-central-1.pooler.supabase.com;Port=5432;Database=postgres;Username=postgres.abcdefghij")]
    [InlineData("postgres://abc:x@ec2-1-2-3-4.eu-west-1.compute.amazonaws.com:5432/d1",
        "Host=ec2-1-2-3-4.eu-west-1.compute.amazonaws.com;Port=5432;Database=d1;Username=abc")]
    [InlineData("postgresql://me:x@dpg-abc-a.frankfurt-postgres.render.com/db",
        "Host=dpg-abc-a.frankfurt-postgres.render.com;Port=5432;Database=db;Username=me")]
    [InlineData("postgresql://me:x@dpg-abc-a.frankfurt-postgres.render.com/db?sslmode=require",
        "Host=dpg-abc-a.frankfurt-postgres.render.com;Port=5432;Database=db;Username=me;SSL Mode=Require")]
    [InlineData("postgresql://doadmin:x@db-postgresql-fra1-1-do-user-1-0.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require",
        "Host=db-postgresql-fra1-1-do-user-1-0.b.db.ondigitalocean.com;Port=25060;Database=defaultdb;Username=doadmin;SSL Mode=Require")]
    [InlineData("host=s.postgres.database.azure.com port=5432 dbname=postgres user=me password=x sslmode=require",
        "Host=s.postgres.database.azure.com;Port=5432;Database=postgres;Username=me;SSL Mode=Require")]
    [InlineData("Server=s.postgres.database.azure.com;Database=postgres;Port=5432;User Id=me;Password=x;Ssl Mode=Require;",
        "Host=s.postgres.database.azure.com;Database=postgres;Port=5432;Username=me;SSL Mode=Require")]
    [InlineData("host=m.abc.eu-west-1.rds.amazonaws.com port=5432 dbname=db user=me sslmode=verify-full sslrootcert={roots}",
        "Host=m.abc.eu-west-1.rds.amazonaws.com;Port=5432;Database=db;Username=me;SSL Mode=VerifyFull;Root Certificate={roots}")]
    [InlineData("postgres://avnadmin:x@pg-a-b.aivencloud.com:13060/defaultdb?sslmode=require",
        "Host=pg-a-b.aivencloud.com;Port=13060;Database=defaultdb;Username=avnadmin;SSL Mode=Require")]
    [InlineData("postgres://application:x@p.abc.db.postgresbridge.com:5432/postgres",
        "Host=p.abc.db.postgresbridge.com;Port=5432;Database=postgres;Username=application")]
    [InlineData("postgresql://me@h/db?sslmode=require&sslrootcert={roots}",
        "Host=h;Port=5432;Database=db;Username=me;SSL Mode=VerifyCA;Root Certificate={roots}")]
    [InlineData("postgresql://me@h/db?sslrootcert=system", "Host=h;Port=5432;Database=db;Username=me;SSL Mode=VerifyFull")]
    [InlineData("postgresql://me@h/db?sslmode=no-verify", "Host=h;Port=5432;Database=db;Username=me;SSL Mode=Require")]
    [InlineData("postgresql://me@h/db?ssl=true", "Host=h;Port=5432;Database=db;Username=me;SSL Mode=Require")]
    [InlineData("postgresql://me@a,b/db", "Host=a,b;Port=5432;Database=db;Username=me;Target Session Attributes=read-write")]
    [InlineData("postgresql://me@a,b/db?target_session_attrs=primary&load_balance_hosts=random",
        "Host=a,b;Port=5432;Database=db;Username=me;Target Session Attributes=primary;Load Balance Hosts=True")]
    [InlineData("postgresql://me@h/db?target_session_attrs=read-write", "Host=h;Port=5432;Database=db;Username=me")]
    [InlineData("postgresql://me@h/db?keepalives=1&keepalives_idle=20&keepalives_interval=5",
        "Host=h;Port=5432;Database=db;Username=me;TCP Keepalive=True;TCP Keepalive Time=20;TCP Keepalive Interval=5")]
    [InlineData("postgresql://me@h/db?connect_timeout=7&gssencmode=disable&options=-c%20geqo%3Doff",
        "Host=h;Port=5432;Database=db;Username=me;Timeout=7;GSS Encryption Mode=Disable;Options=-c geqo=off")]
    [InlineData("postgresql://me@h/db?Pooling=false", "Host=h;Port=5432;Database=db;Username=me;Pooling=False")]
    [InlineData("host=h user=me dbname=db options='-c my.user=5 --my.host=x'", "Host=h;Username=me;Database=db;Options=-c my.user=5 --my.host=x")]
    public void An_address_of_a_hoster_is_taken_unchanged(string text, string expected)
    {
        var roots = Path.Combine(Repository.Root, "README.md");

        var target = Parse(text.Replace("{roots}", roots, StringComparison.Ordinal));

        var keywords = new NpgsqlConnectionStringBuilder(expected.Replace("{roots}", roots, StringComparison.Ordinal));
        target.Keywords.Password = null;
        foreach (var keyword in keywords.Keys.Union(target.Keywords.Keys).Where(k => k is not ("Persist Security Info" or "Port" or "Password")))
            Assert.Equal((keyword, $"{keywords[keyword]}"), (keyword, $"{target.Keywords[keyword]}"));
        Assert.Equal(keywords.Port, target.Keywords.Port);
        Assert.Empty(target.Notes);
    }

    [Theory]
    [InlineData("postgres://postgres.ref:x@h:6543/postgres?pgbouncer=true&connection_limit=1", "'pgbouncer'", "'connection_limit'")]
    [InlineData("postgresql://me:x@h/db?schema=public", "'schema' is passed over: it is a word of another client. Set Postgres:Schema")]
    [InlineData("host=h user=me application_name=x keepalives_count=3", "'application_name'", "'keepalives_count'")]
    [InlineData("Host=h;Application Name=x;Client Encoding=LATIN1;Timezone=Europe/Berlin", "'application_name'", "'client_encoding'", "'timezone'")]
    [InlineData("host=h hostaddr=10.0.0.1 user=me", "'hostaddr'")]
    [InlineData("postgresql://me:x@h/db?statement_timeout=5000&binary_parameters=yes&max=10&workaround=supabase-pooler.vercel",
        "'statement_timeout' is passed over: it is a word of another client. Set Postgres:StatementTimeoutSeconds", "'binary_parameters'",
        "'max' is passed over: it is a word of another client. Set Postgres:MaxConnections", "'workaround'")]
    [InlineData("postgresql://me:x@h/db?prepare=false&idle_timeout=20&keepAlive=true&idleTimeoutMillis=1&max_idle_connection_lifetime=5",
        "'prepare'", "'idle_timeout'", "'Keepalive'", "'idleTimeoutMillis'", "'max_idle_connection_lifetime'")]
    [InlineData("Host=h;Multiplexing=true;Command Timeout=5;Max Auto Prepare=20;Include Error Detail=true;No Reset On Close=false;Keepalive=5;Write "
        + "Buffer Size=8192",
        "'Multiplexing'", "'Command Timeout' is passed over: set Postgres:StatementTimeoutSeconds", "'Max Auto Prepare'", "'Include Error Detail'",
        "'No Reset On Close'", "'Keepalive'", "'Write Buffer Size'")]
    [InlineData("Host=h;Multiplexing=false;CommandTimeout=0;Max Auto Prepare=0;Include Error Detail=false;No Reset On Close=true")]
    [InlineData("postgresql://me@h/db?client_encoding=UTF8&sslcompression=0&ssl_min_protocol_version=TLSv1.2&replication=false&sslaccept=accept_invalid_certs")]
    public void A_word_that_changes_nothing_here_is_passed_over_with_a_note(string text, params string[] notes)
    {
        var target = Parse(text);

        Assert.Equal(notes.Length, target.Notes.Count);
        Assert.All(notes, note => Assert.Contains(target.Notes, said => said.StartsWith($"Postgres:ConnectionString: {note}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Host=h;Port=x", "the value of port is not one that it takes. Expected: 1 to 65535")]
    [InlineData("Host=h;Hots=x", "keyword 2 of 2 is a word that is not known, 'hots'. Did you mean 'host'?")]
    [InlineData("postgres://me@h/db?sslmod=require", "option 1 of 1 is a word that is not known, 'sslmod'. Did you mean 'sslmode'?")]
    [InlineData("host=h usr=me conect_timeout=4", "keyword 2 of 3 is a word that is not known, 'usr'. Remove it if it is a word of another client.")]
    [InlineData("postgres://me:x@h/db?sslmode=require&flavour=sweet", "option 2 of 2 is a word that is not known, 'flavour'.")]
    [InlineData("postgres://h/db?user=me&password=x&flavour=sweet", "option 3 of 3 is a word that is not known. Remove it")]
    [InlineData("Host=h;Password=x;flavour=sweet", "keyword 3 of 3 is a word that is not known. Remove it")]
    [InlineData("postgres://me@h/db?pgbouncr=true", "option 1 of 1 is a word that is not known, 'pgbouncr'. Remove it")]
    [InlineData("Host=h;Options=-c geqo=off password=x", "the value of options holds another keyword, 'password='.")]
    [InlineData("host=h user=me conect_timeout=4", "keyword 3 of 3 is a word that is not known, 'conect_timeout'. Did you mean 'connect_timeout'?")]
    [InlineData("postgres://me:x@h/db?a1=1", "option 1 of 1 is a word that is not known.")]
    [InlineData("postgres://me@h/db?sslmode=on", "the value of sslmode is not one that it takes. Expected: disable, allow, prefer, require, ver")]
    [InlineData("postgres://me@h/db?connect_timeout=soon", "the value of connect_timeout is not one that it takes. Expected: seconds from 0 to 1024")]
    [InlineData("postgres://me@a,b/db?target_session_attrs=standby", "the value of target_session_attrs is not one that it takes. Expected: any, read-write")]
    [InlineData("host=a,b,c port=1,2 user=me", "the number of ports is neither one nor that of the hosts.")]
    [InlineData("postgres://me@h/db?sslcrl=/x", "'sslcrl' (option 1 of 1) cannot be used: the PostgreSQL driver of this program cannot make this check.")]
    [InlineData("postgres://me@h/db?ssl_min_protocol_version=TLSv1.3", "'ssl_min_protocol_version' (option 1 of 1) cannot be used:")]
    [InlineData("postgres://me@h/db?sslaccept=strict", "'sslaccept' (option 1 of 1) cannot be used: it is a word of another client. Write sslmode=verify-full")]
    [InlineData("postgres://me@h/db?sslrootcert=/nowhere/x", "the file that sslrootcert names is not there")]
    [InlineData("postgres://me:1/x@h/db", "'#', or '@' beyond the one before the host")]
    [InlineData("mysql://h/db", "its address begins with something other than postgres:// or postgresql://")]
    [InlineData("jdbc:postgresql://h/db", "it begins with jdbc:, which is the form for Java. Remove jdbc:")]
    [InlineData("postgresql+asyncpg://me:x@h/db", "a driver of another language stands behind '+' before ://. Write postgresql:// there.")]
    [InlineData("'postgres://me:x@h/db'", "it begins with a quotation mark. Remove the quotation marks around it.")]
    [InlineData("\"Host=h;Username=me\"", "it begins with a quotation mark.")]
    [InlineData("psql postgres://h/db", "it is a command line of psql.")]
    [InlineData("psql \"host=h dbname=db\"", "it is a command line of psql.")]
    [InlineData("PGPASSWORD=x psql -h h -U me db", "it is a command line of psql.")]
    [InlineData("DATABASE_URL=postgres://me:x@h/db", "the name of a variable and '=' stand before the address.")]
    [InlineData("export DATABASE_URL=\"postgres://me:x@h/db\"", "the name of a variable and '=' stand before the address.")]
    [InlineData("Host=postgres://me:x@h/db", "the value of host is not a host name, an address or the folder of a unix socket.")]
    [InlineData("postgres://me:x@h/db&sslmode=require", "its options begin with '&'. Write '?' before the first of them")]
    [InlineData("postgres://me:x@h/db;", "the name of the database has a ';', a ',', a '/' or a space")]
    [InlineData("postgres://me:x@h/db/", "the name of the database has a ';', a ',', a '/' or a space")]
    [InlineData("postgres://me:x@h/db, postgres", "the name of the database has a ';', a ',', a '/' or a space")]
    [InlineData("postgresql://postgres:[YOUR-PASSWORD]@db.example.com:5432/postgres", "its password is a placeholder.")]
    [InlineData("postgresql://me:${PASSWORD}@h/db", "its password is a placeholder.")]
    [InlineData("\u201Cpostgres://me:x@h/db\u201D", "it begins with a quotation mark.")]
    [InlineData("psql -h h -p 5432 -U me db", "it is a command line of psql. Keep the address or the pairs behind psql, without quotation marks; "
        + "write its options")]
    [InlineData("Username=me", "it names no host. Name one, or the folder of a unix socket")]
    [InlineData("postgresql:///db", "it names no host.")]
    [InlineData("host=h password= user=me", "keyword 2 of 2 has no value. Remove it, or write '' as its value.")]
    [InlineData("host=h password=x y user=me", "keyword 3 is not word=value. Put single quotes around a value that has spaces")]
    [InlineData("Username=me Password=x;Host=h", "the value of keyword 2 of 2 holds ';' and another keyword.")]
    [InlineData("Host=h;Username=me password=x", "the value of user holds another keyword, 'password='. Put ';' between all pairs")]
    [InlineData("nothing of the kind", "it is neither an address nor pairs of word and value. Expected: postgresql://")]
    [InlineData("postgres://me%00:x@h/db", "the value of the user has a character that no value may have (U+0000).")]
    public void What_is_wrong_is_said_without_a_value(string text, string why)
    {
        var failure = Assert.Throws<SyncException>(() => Parse(text));

        Assert.StartsWith($"Postgres:ConnectionString cannot be used: {why}", failure.Message, StringComparison.Ordinal);
        // The advice on escapes is for a form that cannot be read, not for a word.
        var isOfForm = failure.Message.Contains("Expected: postgresql://", StringComparison.Ordinal) || why.StartsWith("'#'", StringComparison.Ordinal);
        Assert.Equal(isOfForm, failure.Message.Contains("%2F", StringComparison.Ordinal));
        Assert.True(failure.IsUsage);
        Assert.Null(failure.InnerException);
    }

    [Fact]
    public void Every_keyword_of_the_table_is_one_of_Npgsql() =>
        Assert.All(ConnectionWords.All.Select(word => word.Keyword).OfType<string>(), keyword => Assert.True(Npgsql.ContainsKey(keyword), keyword));

    [Fact]
    public void Every_keyword_that_Npgsql_lists_is_suggested_unless_it_has_no_effect_here()
    {
        var listed = TypeDescriptor.GetProperties(Npgsql).Cast<PropertyDescriptor>().Select(p => p.DisplayName).ToList();
        var used = listed.Where(name => ConnectionWord.Find(name) is { Note: null, Refusal: null });

        Assert.Equal(used.Order(StringComparer.Ordinal), ConnectionWord.UsedNames.Where(listed.Contains).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_word_is_in_the_table_once()
    {
        var names = ConnectionWords.All.Select(word => word.Name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant());

        Assert.Equal(ConnectionWords.All.Count, names.Distinct().Count());
    }

    private static ConnectionTarget Parse(string text) => ConnectionKeywords.Parse(text, _ => null);
}
