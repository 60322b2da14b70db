using System.Collections.Concurrent;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>The types by the name that stands in their URL: the generated ones, and those that were put.</summary>
internal sealed class Library
{
    private readonly ConcurrentDictionary<string, TypeStore> _stores = new();
    private readonly Generator _generator;
    private readonly bool _idKeys;

    public Library(Dataset dataset, bool idKeys, int longestList)
    {
        _generator = new(dataset, idKeys, longestList);
        _idKeys = idKeys;
        foreach (var shape in Shapes.Generated)
            _stores[shape.Url] = new(shape.Name, shape, _generator, dataset[shape.Kind], idKeys);
    }

    public IEnumerable<TypeStore> All => _stores.Values.OrderBy(store => store.Url, StringComparer.Ordinal);

    public TypeStore? Find(string type) => _stores.GetValueOrDefault(Shape.UrlOf(type));

    public TypeStore FindOrAdd(string type) =>
        _stores.GetOrAdd(Shape.UrlOf(type), _ => new(type, null, _generator, new Timeline(0, 0, 0), _idKeys));
}
