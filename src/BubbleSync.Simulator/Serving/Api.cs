using BubbleSync.Simulator.Faults;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Takes a request that was let in, gives the right answer to it; records are written to the output, which must outlive the answer.</summary>
internal sealed class Api(SimulatorOptions options, FaultSettings faults, Library library, SimulatorTraffic traffic)
{
    private readonly RecordEditor _editor = new(options.Seed, options.Time);
    private readonly Lists _lists = new(options, faults, traffic);

    public async Task<Answer> AnswerAsync(Route route, HttpRequest request, long number, Utf8Output output)
    {
        switch (route.Kind)
        {
            case RequestKind.Meta:
                return Answer.Of(200, Answer.Json, Descriptions.Meta(Exposed(), options.MetaTypes));
            case RequestKind.Swagger when options.Swagger:
                return Answer.Of(
                    200, Answer.Json, Descriptions.Swagger(Exposed(), request.Path.Value!.Replace("/meta/swagger.json", "", StringComparison.Ordinal)));
            case RequestKind.Swagger:
                throw Refusal.MissingType("swagger.json");
            case RequestKind.Other:
                throw route.Type.Length == 0 ? Refusal.MissingType(request.Path.Value ?? "") : Refusal.NotAllowed();
        }

        var store = library.Find(route.Type);
        if (store is null || faults.Names("types-not-exposed", route.Type))
            throw Refusal.MissingType(route.Type);

        return await AnswerAsync(route, store, request, number, output);
    }

    private async Task<Answer> AnswerAsync(Route route, TypeStore store, HttpRequest request, long number, Utf8Output output)
    {
        var writes = new Writes(_editor);
        switch (route.Kind)
        {
            case RequestKind.List:
                Churn.Stir(store, _editor, faults, Mix.Of((ulong)options.Seed, number));
                return _lists.Page(store, request.Query, number, output);
            case RequestKind.Get:
                return One(store, route.Id!, output);
            case RequestKind.Create:
                return await writes.CreateAsync(store, request);
            case RequestKind.Bulk:
                return await writes.BulkAsync(store, request);
            case RequestKind.Patch:
                return await writes.PatchAsync(store, route.Id!, request);
            case RequestKind.Replace:
                return await writes.ReplaceAsync(store, route.Id!, request);
            default:
                return Writes.Delete(store, route.Id!);
        }
    }

    private static Answer One(TypeStore store, string id, Utf8Output output)
    {
        var place = store.Find(id) ?? throw Refusal.MissingRecord(store.Url, id);
        output.Raw("{\"response\":"u8);
        store.Write(place, output);
        output.Raw((byte)'}');
        return new(200, Answer.Json, output.Written);
    }

    private List<TypeStore> Exposed() => [.. library.All.Where(store => !faults.Names("types-not-exposed", store.Url))];
}
