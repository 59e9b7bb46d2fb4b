import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type ProviderInfo, tiers } from '../../shared/contract.ts';
import { usePotter } from '../store/potter.tsx';
import { Section, Sheet } from './page.tsx';
import { type Choice, Picker } from './picker.tsx';
import { Row, SwitchRow, useSetting } from './setting.tsx';

const none = '';

/** The model for actions that name none: one for all of them, or one for each size. */
export function ModelChoices(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { providers, default: inForce } = useStore(store.state);
  const standard = useSetting('text.defaultModel');
  const byTier = useSetting('text.tierModels');
  const models = modelsOf(providers, t);
  const automatic =
    inForce === undefined ? t('providers.choice.automatic') : t('providers.choice.automaticNow', { model: inForce });
  return (
    <Section title={t('providers.choice.title')} text={t('providers.choice.text')}>
      <Sheet>
        <Row name={t('providers.choice.default')} hint={t('providers.choice.defaultHint')} info={standard?.info}>
          {() => (
            <ModelPicker
              label={t('providers.choice.default')}
              value={standard?.value ?? undefined}
              models={models}
              otherwise={standard?.value === null ? automatic : t('providers.choice.automatic')}
              isFixed={standard?.isFixed ?? true}
              onChoose={(model) => void standard?.set(model)}
            />
          )}
        </Row>
        {tiers.map((tier) => (
          <Row key={tier} name={t(`providers.choice.tiers.${tier}`)} hint={t(`providers.choice.tierHints.${tier}`)}>
            {() => (
              <ModelPicker
                label={t(`providers.choice.tiers.${tier}`)}
                value={byTier?.value[tier]}
                models={models}
                otherwise={t('providers.choice.likeDefault')}
                isFixed={byTier?.isFixed ?? true}
                onChoose={(model) => void byTier?.set({ [tier]: model })}
              />
            )}
          </Row>
        ))}
        <SwitchRow
          of="privacy.localOnly"
          name={t('providers.choice.localOnly')}
          hint={t('providers.choice.localOnlyHint')}
        />
      </Sheet>
    </Section>
  );
}

/** The models that can be asked now, as `provider/model`. */
export function modelsOf(providers: readonly ProviderInfo[], t: TFunction): Choice[] {
  return providers.flatMap(({ id, name, state, models }) =>
    state === 'ready'
      ? models.map((model) => ({
          value: `${id}/${model.id}`,
          label: model.id,
          detail: model.name ?? '',
          tag: t(`actions.tiers.${model.tier}`),
          group: name,
        }))
      : [],
  );
}

interface ModelPickerProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly models: readonly Choice[];
  /** What happens where none is chosen. */
  readonly otherwise: string;
  readonly isFixed: boolean;
  readonly onChoose: (model: string | null) => void;
}

function ModelPicker({ label, value, models, otherwise, isFixed, onChoose }: ModelPickerProps): ReactNode {
  const { t } = useTranslation();
  if (isFixed) return <code>{value ?? otherwise}</code>;
  const isGone = value !== undefined && !models.some((model) => model.value === value);
  const gone: Choice[] = isGone ? [{ value, label: value, detail: t('providers.choice.gone') }] : [];
  return (
    <Picker
      label={label}
      find={t('editor.findModel')}
      nothing={t('editor.noModelFound')}
      value={value ?? none}
      choices={[{ value: none, label: otherwise }, ...gone, ...models]}
      onChoose={(model) => onChoose(model === none ? null : model)}
    />
  );
}
